import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_KINDS } from '../../../../src/capture/event.ts';
import { Control } from '../../../../src/capture/maps/control.ts';
import { readCounters } from '../../../../src/capture/maps/counters.ts';
import { EventsAwaitingResult } from '../../../../src/capture/maps/events-awaiting-result.ts';
import { ReportedDrops } from '../../../../src/capture/maps/reported-drops.ts';
import {
  CONTROL,
  CONTROL_SIZE,
  CPU_STATE,
  CPU_STATE_SIZE,
  EVENT,
  EVENT_SIZE,
  PROCESS,
  REPORTED_SIZE,
  SCRATCH_SIZE,
  TRAIT,
} from '../../../../src/capture/ring/layout.ts';
import { FakeLibbpf } from '../fake-libbpf.ts';

const KEY = Buffer.alloc(4);
const SECOND_NS = 1_000_000_000n;
const WAIT_NS = 5n * SECOND_NS;

test('drops that were reported are in the kernel once they are saved, and the next process finds them there', () => {
  const kernel = new FakeLibbpf();
  kernel.cpus = 2;
  const fd = kernel.createMap('reported');
  const reported = new ReportedDrops(kernel, fd, 7n);
  assert.equal(reported.sinceNs, 7n);
  reported.report(0, 'ring_full', 5n);
  reported.report(1, 'ring_full', 6n);
  reported.report(1, 'scratch_full', 2n ** 60n);
  assert.equal(new ReportedDrops(kernel, fd, 7n).count(1, 'ring_full'), 0n);
  reported.save();
  const next = new ReportedDrops(kernel, fd, 7n);
  assert.deepEqual(
    [0, 1].flatMap(cpu => [next.count(cpu, 'ring_full'), next.count(cpu, 'scratch_full')]),
    [5n, 0n, 6n, 2n ** 60n],
  );
});

test('a saved count is not written again, and a later one is', () => {
  const kernel = new FakeLibbpf();
  const fd = kernel.createMap('reported');
  const reported = new ReportedDrops(kernel, fd, 7n);
  reported.save();
  const value = Buffer.alloc(REPORTED_SIZE);
  kernel.updateElement(fd, KEY, Buffer.alloc(REPORTED_SIZE, 0xff));
  reported.save();
  kernel.lookupElement(fd, KEY, value);
  assert.deepEqual(value, Buffer.alloc(REPORTED_SIZE, 0xff));
  reported.report(0, 'ring_full', 1n);
  reported.save();
  kernel.updateElement(fd, KEY, Buffer.alloc(REPORTED_SIZE, 0xff));
  reported.save();
  kernel.lookupElement(fd, KEY, value);
  assert.deepEqual(value, Buffer.alloc(REPORTED_SIZE, 0xff));
  reported.report(0, 'ring_full', 2n);
  reported.save();
  assert.equal(new ReportedDrops(kernel, fd, 7n).count(0, 'ring_full'), 2n);
});

test('a map that cannot be read or written is an error that says which', () => {
  const kernel = new FakeLibbpf();
  assert.throws(() => new ReportedDrops(kernel, -1, 0n), /failed to read what was reported of drops: EBADF/);
  assert.throws(() => readCounters(kernel, -1), /failed to read the kernel's counters: EBADF/);
  assert.throws(() => new Control(kernel, -1), /failed to read the programs' control: EBADF/);
  const reported = new ReportedDrops(kernel, kernel.createMap('reported'), 0n);
  reported.report(0, 'ring_full', 1n);
  kernel.updateElement = () => -9;
  assert.throws(() => reported.save(), /failed to save what was reported of drops: EBADF/);
  const control = new Control(kernel, kernel.createMap('control'));
  assert.throws(() => control.change({ active: 3 }), /failed to write the programs' control: EBADF/);
  assert.equal(control.state.active, 0);
});

test('the counters of each CPU are its own', () => {
  const kernel = new FakeLibbpf();
  kernel.cpus = 2;
  const values = Buffer.alloc(2 * CPU_STATE_SIZE);
  for (const cpu of [0, 1]) {
    const at = cpu * CPU_STATE_SIZE;
    values.writeBigUInt64LE(BigInt(10 + cpu), at + CPU_STATE.sequence);
    values.writeBigUInt64LE(BigInt(20 + cpu), at + CPU_STATE.dropped);
    values.writeBigUInt64LE(BigInt(30 + cpu), at + CPU_STATE.dropped + 8);
  }
  assert.deepEqual(readCounters(kernel, kernel.createMap('cpu_state', [[KEY, values]])), [
    { cpu: 0, sequence: 10n, dropped: { ring_full: 20n, scratch_full: 30n } },
    { cpu: 1, sequence: 11n, dropped: { ring_full: 21n, scratch_full: 31n } },
  ]);
});

test('a change of the control changes the given fields only', () => {
  const kernel = new FakeLibbpf();
  const value = Buffer.alloc(CONTROL_SIZE);
  value.writeUInt32LE(4, CONTROL.active);
  value.writeBigUInt64LE(99n, CONTROL.created_ns);
  const fd = kernel.createMap('control', [[KEY, value]]);
  const control = new Control(kernel, fd);
  control.change({ proving: 5, windowNs: 7n, ownVtgid: 11, ownPidNamespace: 12, ownTgid: 13 });
  assert.deepEqual(new Control(kernel, fd).state, {
    active: 4,
    proving: 5,
    createdNs: 99n,
    windowNs: 7n,
    ownVtgid: 11,
    ownPidNamespace: 12,
    ownTgid: 13,
  });
});

/** An open that waits in the kernel for its result. */
function waiting(timeNs: bigint, tgid: number, kind = 1): Buffer {
  const value = Buffer.alloc(SCRATCH_SIZE);
  value.writeBigUInt64LE(timeNs, EVENT.time_ns);
  value.writeUInt16LE(kind, EVENT.kind);
  value.writeUInt8(1, EVENT.hook);
  value.writeUInt8(1, EVENT.method);
  value.writeInt32LE(0, EVENT.result);
  value.writeUInt32LE(TRAIT.hasTarget, EVENT.traits);
  value.writeUInt32LE(tgid, EVENT.actor + PROCESS.tgid);
  value.writeUInt16LE('mem\0'.length, EVENT.string_length);
  value.write('mem\0', EVENT_SIZE);
  return value;
}

function keyOf(task: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeUInt32LE(task);
  return key;
}

test('an open that does not return is reported after the wait, without a result, and is removed from the table', () => {
  const kernel = new FakeLibbpf();
  const start = 100n * SECOND_NS;
  const fd = kernel.createMap('scratch', [
    [keyOf(1), waiting(start, 41)],
    [keyOf(2), waiting(start + SECOND_NS, 42)],
  ]);
  const awaitingResult = new EventsAwaitingResult(kernel, fd);
  assert.deepEqual(awaitingResult.collect(start + WAIT_NS - 1n), []);
  const [event, ...others] = awaitingResult.collect(start + WAIT_NS);
  assert.equal(others.length, 0);
  assert.equal(event?.actor.tgid, 41);
  assert.equal(event.result, undefined);
  assert.equal(event.path, '/mem');
  assert.deepEqual(awaitingResult.collect(start + WAIT_NS), []);
  assert.deepEqual(
    awaitingResult.collect(start + SECOND_NS + WAIT_NS).map(({ actor }) => actor.tgid),
    [42],
  );
});

test('an open that returns while it is read is not reported a second time', () => {
  const kernel = new FakeLibbpf();
  const fd = kernel.createMap('scratch', [[keyOf(1), waiting(0n, 41)]]);
  const remove = kernel.deleteElement.bind(kernel);
  kernel.deleteElement = (map, key) => {
    remove(map, key);
    return -2;
  };
  assert.deepEqual(new EventsAwaitingResult(kernel, fd).collect(WAIT_NS), []);
});

test('an entry that is gone before it is read is skipped, and one of another version is removed', () => {
  const kernel = new FakeLibbpf();
  const fd = kernel.createMap('scratch', [
    [keyOf(1), waiting(0n, 41)],
    [keyOf(2), waiting(0n, 42, EVENT_KINDS.length + 1)],
  ]);
  const look = kernel.lookupElement.bind(kernel);
  kernel.lookupElement = (map, key, value) => (key.equals(keyOf(1)) ? -2 : look(map, key, value));
  const awaitingResult = new EventsAwaitingResult(kernel, fd);
  assert.deepEqual(awaitingResult.collect(WAIT_NS), []);
  kernel.lookupElement = look;
  assert.deepEqual(
    awaitingResult.collect(WAIT_NS).map(({ actor }) => actor.tgid),
    [41],
  );
});

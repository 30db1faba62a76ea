import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CapturedEvent } from '../../../../src/capture/event.ts';
import { Repeats } from '../../../../src/capture/maps/repeats.ts';
import { EventDecoder } from '../../../../src/capture/ring/decoder.ts';
import {
  EVENT,
  PROCESS,
  REPEAT,
  REPEAT_KEY,
  REPEAT_KEY_SIZE,
  REPEAT_SIZE,
  TRAIT,
} from '../../../../src/capture/ring/layout.ts';
import type { Checkpoint } from '../../../../src/checkpoint.ts';
import { FakeLibbpf } from '../fake-libbpf.ts';

const WINDOW_MILLIS = 10_000;
const WINDOW_NS = 10_000_000_000n;
const ACTOR = 41;
const TARGET = 42;
const ACTOR_START_NS = 1_000n;
const TARGET_START_NS = 2_000n;
const KIND = { proc_mem_open: 1, process_vm: 5 } as const;

interface Counted {
  readonly kind?: keyof typeof KIND;
  readonly start: bigint;
  readonly last?: bigint;
  readonly count: bigint;
  readonly bytes?: bigint;
  readonly flags?: number;
}

/** The kernel's map of repeats. */
class Table {
  readonly kernel = new FakeLibbpf();
  readonly fd = this.kernel.createMap('repeats');

  /** An entry as the kernel keeps it. @returns its key */
  set({ kind = 'proc_mem_open', start, last = start, count, bytes = 0n, flags = 0 }: Counted): Buffer {
    const key = Buffer.alloc(REPEAT_KEY_SIZE);
    key.writeBigUInt64LE(ACTOR_START_NS, REPEAT_KEY.actor_start_ns);
    key.writeBigUInt64LE(TARGET_START_NS, REPEAT_KEY.about);
    key.writeUInt32LE(ACTOR, REPEAT_KEY.actor_tgid);
    key.writeUInt32LE(TARGET, REPEAT_KEY.target_tgid);
    key.writeUInt32LE(flags, REPEAT_KEY.flags);
    key.writeUInt16LE(KIND[kind], REPEAT_KEY.kind);
    key.writeUInt16LE(1, REPEAT_KEY.method);
    const value = Buffer.alloc(REPEAT_SIZE);
    value.writeBigUInt64LE(start, REPEAT.window_start_ns);
    value.writeBigUInt64LE(last, REPEAT.last_ns);
    value.writeBigUInt64LE(count, REPEAT.count);
    value.writeBigUInt64LE(bytes, REPEAT.bytes);
    writeEvent(value.subarray(REPEAT.event), kind, start, flags);
    this.kernel.updateElement(this.fd, key, value);
    return key;
  }

  /** The reader of the table in a process that starts now. */
  follow(windowMillis = WINDOW_MILLIS): Repeats {
    return new Repeats(this.kernel, this.fd, windowMillis);
  }

  has(key: Buffer): boolean {
    return this.kernel.lookupElement(this.fd, key, Buffer.alloc(REPEAT_SIZE)) === 0;
  }
}

function writeEvent(event: Buffer, kind: keyof typeof KIND, timeNs: bigint, flags: number): void {
  event.writeBigUInt64LE(timeNs, EVENT.time_ns);
  event.writeUInt16LE(KIND[kind], EVENT.kind);
  event.writeUInt8(1, EVENT.hook);
  event.writeUInt8(1, EVENT.method);
  event.writeUInt32LE(TRAIT.hasTarget, EVENT.traits);
  event.writeUInt32LE(flags, EVENT.flags);
  event.writeUInt32LE(ACTOR, EVENT.actor + PROCESS.tgid);
  event.writeBigUInt64LE(ACTOR_START_NS, EVENT.actor + PROCESS.start_time_ns);
  event.writeUInt32LE(TARGET, EVENT.target + PROCESS.tgid);
  event.writeBigUInt64LE(TARGET_START_NS, EVENT.target + PROCESS.start_time_ns);
}

/** The event that opened a window, as the kernel sent it. */
function sent(kind: keyof typeof KIND, timeNs: bigint, flags = 0): CapturedEvent {
  const memory = Buffer.from(new ArrayBuffer(512));
  writeEvent(memory, kind, timeNs, flags);
  const event = new EventDecoder(memory.buffer).decodeFixedPart(0);
  assert.ok(event);
  return event;
}

/** A checkpoint that survives a restart. */
class Kept {
  readonly #checkpoint = new Map<string, Uint8Array>();

  add(repeats: Repeats): Checkpoint {
    for (const [name, value] of repeats.changes()) {
      if (value === null) this.#checkpoint.delete(name);
      else this.#checkpoint.set(name, value);
    }
    return this.#checkpoint;
  }
}

function outline(events: readonly CapturedEvent[]): unknown[] {
  return events.map(({ kind, repeatCount, timeNs, repeatFirstNs }) => [
    kind,
    repeatCount,
    repeatFirstNs,
    timeNs,
  ]);
}

test('repeats are reported when their window is over, each once', () => {
  const table = new Table();
  const repeats = table.follow();
  table.set({ start: 100n, last: 500n, count: 7n });
  repeats.remember(sent('proc_mem_open', 100n));
  assert.equal(repeats.pending(), 7n);
  assert.deepEqual(repeats.collect(100n + WINDOW_NS - 1n), []);
  assert.deepEqual(outline(repeats.collect(100n + WINDOW_NS)), [['repeat', 7n, 100n, 500n]]);
  assert.deepEqual(repeats.collect(100n + WINDOW_NS), []);
  assert.equal(repeats.pending(), 0n);

  table.set({ start: 100n, last: 900n, count: 10n });
  assert.equal(repeats.pending(), 3n);
  assert.deepEqual(outline(repeats.collect(100n + WINDOW_NS)), [['repeat', 3n, 100n, 900n]]);
});

test('the first time of repeats is that of the newest event that was sent', () => {
  const table = new Table();
  const repeats = table.follow();
  repeats.remember(sent('proc_mem_open', 100n));
  repeats.remember(sent('proc_mem_open', 200n));
  table.set({ start: 200n, last: 300n, count: 2n });
  assert.deepEqual(outline(repeats.collect(undefined)), [['repeat', 2n, 200n, 300n]]);
});

test('at the end all repeats are reported, whatever their window', () => {
  const table = new Table();
  const repeats = table.follow();
  table.set({ start: 100n, count: 7n });
  repeats.remember(sent('proc_mem_open', 100n));
  assert.equal(repeats.collect(undefined).length, 1);
});

test('the bytes of process_vm repeats are reported as differences; repeats of other kinds keep the size of the event', () => {
  const table = new Table();
  const repeats = table.follow();
  const later = 100n + WINDOW_NS;
  repeats.remember(sent('process_vm', 100n));
  table.set({ kind: 'process_vm', start: 100n, count: 2n, bytes: 30n });
  assert.deepEqual(
    repeats.collect(later).map(({ sizeBytes }) => sizeBytes),
    [30n],
  );
  table.set({ kind: 'process_vm', start: 100n, count: 3n, bytes: 45n });
  assert.deepEqual(
    repeats.collect(later).map(({ sizeBytes }) => sizeBytes),
    [15n],
  );
});

test('after a restart only repeats that were not reported before it are reported', () => {
  const table = new Table();
  const kept = new Kept();
  const before = table.follow();
  table.set({ kind: 'process_vm', start: 100n, count: 7n, bytes: 70n });
  before.remember(sent('process_vm', 100n));
  before.collect(100n + WINDOW_NS);
  const checkpoint = kept.add(before);
  assert.equal(checkpoint.size, 1);

  const after = table.follow();
  after.resume(checkpoint);
  assert.equal(kept.add(after).size, 1);
  assert.equal(after.pending(), 0n);
  assert.deepEqual(after.collect(undefined), []);
  table.set({ kind: 'process_vm', start: 100n, count: 9n, bytes: 100n });
  const [repeat, ...others] = after.collect(undefined);
  assert.equal(others.length, 0);
  assert.equal(repeat?.repeatCount, 2n);
  assert.equal(repeat.sizeBytes, 30n);
  assert.equal(kept.add(after).size, 1);
});

test('repeats counted while no sidecar ran are reported, though the event itself was sent to another process', () => {
  const table = new Table();
  table.set({ start: 100n, last: 300n, count: 4n });
  const after = table.follow();
  after.resume(new Map());
  const [repeat] = after.collect(undefined);
  assert.deepEqual(outline(repeat ? [repeat] : []), [['repeat', 4n, 100n, 300n]]);
  assert.equal(repeat?.actor.tgid, ACTOR);
  assert.equal(repeat?.target?.tgid, TARGET);
});

test('an entry with a higher count than the kernel is of an earlier count, and is ignored', () => {
  const table = new Table();
  const kept = new Kept();
  const before = table.follow();
  table.set({ start: 100n, count: 7n });
  before.remember(sent('proc_mem_open', 100n));
  before.collect(undefined);
  const checkpoint = kept.add(before);

  // the kernel's entry was removed, and counted anew
  table.set({ start: 200n, count: 2n });
  const after = table.follow();
  after.resume(checkpoint);
  assert.equal(after.collect(undefined)[0]?.repeatCount, 2n);
});

test('an entry of the checkpoint that the kernel no longer follows is removed', () => {
  const table = new Table();
  const kept = new Kept();
  const before = table.follow();
  const key = table.set({ start: 100n, count: 7n });
  before.remember(sent('proc_mem_open', 100n));
  before.collect(undefined);
  const checkpoint = kept.add(before);
  table.kernel.deleteElement(table.fd, key);
  const after = table.follow();
  after.resume(checkpoint);
  assert.equal(kept.add(after).size, 0);
});

test('an entry without an event for three windows is removed from the kernel and the checkpoint; not before', () => {
  const table = new Table();
  const kept = new Kept();
  const repeats = table.follow();
  const key = table.set({ start: 0n, count: 1n });
  repeats.remember(sent('proc_mem_open', 0n));
  repeats.collect(WINDOW_NS);
  assert.equal(kept.add(repeats).size, 1);
  repeats.collect(4n * WINDOW_NS);
  assert.equal(table.has(key), true);
  repeats.collect(4n * WINDOW_NS + 1n);
  assert.equal(table.has(key), false);
  assert.equal(kept.add(repeats).size, 0);
});

test('an event that the kernel does not follow is forgotten', () => {
  const table = new Table();
  const repeats = table.follow();
  repeats.remember(sent('proc_mem_open', 100n));
  assert.equal(repeats.pending(), 0n);
  assert.deepEqual(repeats.collect(undefined), []);
  // it was forgotten: a count from now on belongs to an event that arrives later
  table.set({ start: 100n, count: 3n });
  assert.equal(repeats.pending(), 0n);
});

test('events that differ are counted apart', () => {
  const table = new Table();
  const repeats = table.follow();
  for (const flags of [0, 1]) {
    table.set({ start: 100n, count: BigInt(flags + 1), flags });
    repeats.remember(sent('proc_mem_open', 100n, flags));
  }
  assert.deepEqual(
    repeats.collect(undefined).map(({ flags, repeatCount }) => [flags, repeatCount]),
    [
      [0, 1n],
      [1, 2n],
    ],
  );
});

test('without a window nothing is followed', () => {
  const table = new Table();
  const repeats = table.follow(0);
  table.set({ start: 100n, count: 3n });
  repeats.remember(sent('proc_mem_open', 100n));
  assert.equal(repeats.pending(), 0n);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Severity } from '../../../../src/detect/detection.ts';
import { MemwardenError } from '../../../../src/errors.ts';
import { CollectorState } from '../../../../src/telemetry/delivery/collector-state.ts';
import { Sender } from '../../../../src/telemetry/delivery/sender.ts';
import { type DeliveryOptions, TELEMETRY_DEFAULTS } from '../../../../src/telemetry/options.ts';
import type { Memory } from '../../../../src/telemetry/otlp/buffer-pool.ts';
import { SPOOL_DEFAULTS, type SpoolOptions } from '../../../../src/telemetry/spool/options.ts';
import { Spool } from '../../../../src/telemetry/spool/spool.ts';
import { CONTEXT } from '../spool/spool-builder.ts';
import { ACCEPTED, Clock, encodedRecord, FAILED, FakeTransport } from './fake-transport.ts';

const HIGH = 3;
const LOW = 1;
const INITIAL_MILLIS = 100;
const MAX_MILLIS = 10_000;
const SCHEDULE_MILLIS = 1_000;
const TOO_LARGE = { kind: 'refused', code: 'HTTP 413', reason: 'too large', blame: 'size' } as const;
const BAD = { kind: 'refused', code: 'INVALID_ARGUMENT', reason: 'bad', blame: 'records' } as const;
const EXPIRED = { kind: 'refused', code: 'UNAUTHENTICATED', reason: 'expired', blame: 'connection' } as const;

/** A Memory that records the buffers that were returned to it. */
class WatchedMemory implements Memory {
  readonly given: Uint8Array[] = [];
  room = 0;

  take(bytes: number): Buffer {
    return Buffer.allocUnsafeSlow(bytes);
  }

  roomBefore(): number {
    return this.room;
  }

  give(bytes: Uint8Array): void {
    this.given.push(bytes);
  }

  has(bytes: Uint8Array): boolean {
    return this.given.some(({ buffer }) => buffer === bytes.buffer);
  }
}

function start(
  t: TestContext,
  options: Partial<DeliveryOptions> = {},
  spoolOptions: Partial<SpoolOptions> = {},
) {
  const clock = new Clock(t);
  const transport = new FakeTransport();
  const spool = new Spool({ ...SPOOL_DEFAULTS, ...spoolOptions }, CONTEXT, undefined);
  const memory = new WatchedMemory();
  const state = new CollectorState(transport.address);
  const pace = {
    scheduleDelayMillis: SCHEDULE_MILLIS,
    retryInitialMillis: INITIAL_MILLIS,
    retryMaxMillis: MAX_MILLIS,
    maxInFlight: 4,
    ...options,
  };
  const sender = new Sender(spool, transport, { ...TELEMETRY_DEFAULTS.delivery, ...pace }, state, memory);
  const append = (severity: Severity, ...records: Buffer[]): void => {
    spool.append([{ severity, records: records.length, body: Buffer.concat(records) }]);
    sender.wake();
  };
  return { clock, transport, spool, memory, sender, append };
}

test('a server that requests a very long delay gets the next request after ten minutes, and not before', async t => {
  const { clock, transport, append } = start(t);
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer({ ...FAILED, delayMillis: 9_000_000_000 });
  await clock.pass(599_999);
  assert.equal(transport.sent.length, 1);
  await clock.pass(1);
  assert.equal(transport.sent.length, 2);
});

test('a delay that the server requests is kept, also when the backoff would be shorter', async t => {
  const { clock, transport, append } = start(t);
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer({ ...FAILED, delayMillis: 5_000 });
  await clock.pass(4_999);
  assert.equal(transport.sent.length, 1);
  await clock.pass(1);
  assert.equal(transport.sent.length, 2);
});

test('records that arrive during a wait are not sent before its end, whatever their severity', async t => {
  const { clock, transport, append } = start(t);
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer({ ...FAILED, delayMillis: 5_000 });
  append(HIGH, encodedRecord(10));
  await clock.pass(4_999);
  assert.equal(transport.sent.length, 1);
});

test('a requested delay of 0 is replaced by the backoff', async t => {
  for (const delayMillis of [0, -5]) {
    const { clock, transport, append } = start(t);
    append(HIGH, encodedRecord(10));
    await transport.sent[0]?.answer({ ...FAILED, delayMillis });
    await clock.pass(INITIAL_MILLIS - 1);
    assert.equal(transport.sent.length, 1);
    await clock.pass(1);
    assert.equal(transport.sent.length, 2);
    t.mock.reset();
  }
});

test('requests that fail together count as one failure of the backoff', async t => {
  const { clock, transport, append } = start(t);
  for (let i = 0; i < 4; i++) append(HIGH, encodedRecord(10));
  assert.equal(transport.sent.length, 4);
  for (const sent of [...transport.sent]) await sent.answer(FAILED);
  await clock.pass(INITIAL_MILLIS);
  assert.equal(transport.sent.length, 5);
});

test('each failure doubles the wait up to the maximum, and a success resets it', async t => {
  const { clock, transport, append } = start(t, { retryMaxMillis: 300 });
  append(HIGH, encodedRecord(10));
  for (const wait of [100, 200, 300, 300]) {
    await transport.sent.at(-1)?.answer(FAILED);
    const before = transport.sent.length;
    await clock.pass(wait - 1);
    assert.equal(transport.sent.length, before);
    await clock.pass(1);
    assert.equal(transport.sent.length, before + 1);
  }
  await transport.sent.at(-1)?.answer(ACCEPTED);
  append(HIGH, encodedRecord(10));
  await transport.sent.at(-1)?.answer(FAILED);
  const before = transport.sent.length;
  await clock.pass(INITIAL_MILLIS);
  assert.equal(transport.sent.length, before + 1);
});

test('while the collector has a problem there is one request at a time, afterwards several again', async t => {
  const { clock, transport, append } = start(t, { maxExportBatchSize: 1 });
  for (let i = 0; i < 8; i++) append(HIGH, encodedRecord(10));
  assert.equal(transport.sent.length, 4);
  for (const sent of [...transport.sent]) await sent.answer(FAILED);
  await clock.pass(INITIAL_MILLIS);
  assert.equal(transport.sent.length, 5);
  await transport.sent[4]?.answer(ACCEPTED);
  assert.equal(transport.sent.length, 9);
});

test('the buffer of an unanswered request is not reused: it may still be being sent', async t => {
  const { transport, memory, append } = start(t);
  append(HIGH, encodedRecord(10));
  const [first] = transport.sent;
  assert.ok(first);
  await first.answer(FAILED);
  assert.equal(memory.has(first.request), false);
  assert.equal(memory.given.length, 0);
});

test('after an answer the buffers of the request and of its bodies are returned, once each', async t => {
  const { transport, memory, append } = start(t);
  append(HIGH, encodedRecord(10), encodedRecord(20));
  const [first] = transport.sent;
  assert.ok(first);
  assert.deepEqual(first.request, first.asSent);
  assert.equal(memory.given.length, 0);
  await first.answer(ACCEPTED);
  assert.equal(memory.has(first.request), true);
  assert.equal(memory.given.length, 2);
});

test('a request in the buffer of its body is returned once, as the body', async t => {
  const { transport, memory, append } = start(t);
  memory.room = 1_000;
  const body = Buffer.alloc(1_100).subarray(1_000);
  encodedRecord(100).copy(body);
  append(HIGH, body);
  const [first] = transport.sent;
  await first?.answer(ACCEPTED);
  assert.equal(memory.given.length, 1);
});

test('a record that is too large is counted as refused, and the others of its request as accepted', async t => {
  const { transport, spool, sender, append } = start(t);
  transport.reply = ({ length }) => (length > 400 ? TOO_LARGE : ACCEPTED);
  append(LOW, encodedRecord(50), encodedRecord(600), encodedRecord(50), encodedRecord(50));
  await sender.flush();
  assert.equal(spool.totals.accepted, 3);
  assert.equal(spool.totals.refused, 1);
  assert.equal(spool.waiting.records, 0);
});

test('a record that is too large and alone in its request is refused', async t => {
  const { transport, spool, sender, append } = start(t);
  transport.reply = () => TOO_LARGE;
  append(HIGH, encodedRecord(600));
  await sender.flush();
  assert.deepEqual([spool.totals.accepted, spool.totals.refused], [0, 1]);
  assert.equal(transport.sent.length, 1);
});

test('a request that is too large is halved until it fits, and every record is sent once', async t => {
  const { transport, spool, sender, append } = start(t);
  const arrived: number[] = [];
  transport.reply = request => {
    if (request.length > 150) return TOO_LARGE;
    for (let fill = 10; fill < 18; fill++) if (request.includes(Buffer.alloc(20, fill))) arrived.push(fill);
    return ACCEPTED;
  };
  append(LOW, ...Array.from({ length: 8 }, (_, i) => encodedRecord(50, 10 + i)));
  await sender.flush();
  assert.deepEqual(arrived, [10, 11, 12, 13, 14, 15, 16, 17]);
  assert.equal(spool.totals.accepted, 8);
});

test('rejected records are counted over all parts of a request', async t => {
  const { transport, spool, sender, append } = start(t);
  transport.reply = ({ length }) =>
    length > 150 ? TOO_LARGE : { kind: 'accepted', rejected: 1, message: 'too old' };
  append(LOW, ...Array.from({ length: 8 }, () => encodedRecord(50)));
  await sender.flush();
  assert.deepEqual([spool.totals.accepted, spool.totals.refused], [4, 4]);
});

test('a collector that fails between the parts gets all of them again, and counts as away', async t => {
  for (const away of [FAILED, EXPIRED]) {
    const { clock, transport, spool, sender, append } = start(t);
    let parts = 0;
    transport.reply = ({ length }) => {
      if (length > 150) return TOO_LARGE;
      parts += 1;
      return parts === 2 ? away : ACCEPTED;
    };
    append(LOW, ...Array.from({ length: 8 }, () => encodedRecord(50)));
    await sender.flush();
    assert.equal(spool.totals.accepted, 0);
    assert.equal(spool.unclaimed(), 8);
    assert.equal(sender.problem, away.reason);
    await clock.pass(MAX_MILLIS);
    await sender.flush();
    assert.equal(spool.totals.accepted, 8);
    t.mock.reset();
  }
});

test('after an error of the connection the records are kept, and sent again after the longest wait', async t => {
  const { clock, transport, spool, sender, append } = start(t);
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer(EXPIRED);
  assert.equal(spool.totals.refused, 0);
  assert.equal(sender.problem, 'expired');
  await clock.pass(MAX_MILLIS - 1);
  assert.equal(transport.sent.length, 1);
  await clock.pass(1);
  assert.equal(transport.sent.length, 2);
});

test('after an error in the records they are refused at once, and the next ones are sent', async t => {
  const { transport, spool, sender, append } = start(t);
  append(HIGH, encodedRecord(10));
  append(HIGH, encodedRecord(20));
  await transport.sent[0]?.answer(BAD);
  await transport.sent[1]?.answer(ACCEPTED);
  assert.deepEqual([spool.totals.refused, spool.totals.accepted], [1, 1]);
  assert.equal(sender.problem, undefined);
});

// Symptom: after the first request each record was sent at once and alone. `#oldestSince` was never reset.
test('records below HIGH wait for a full batch, but no longer than the schedule delay', async t => {
  const { clock, transport, append } = start(t);
  append(LOW, encodedRecord(10));
  await clock.pass(SCHEDULE_MILLIS - 1);
  assert.equal(transport.sent.length, 0);
  append(LOW, encodedRecord(10));
  await clock.pass(1);
  assert.equal(transport.sent.length, 1);
  await transport.sent[0]?.answer(ACCEPTED);
  append(LOW, encodedRecord(10));
  await clock.pass(SCHEDULE_MILLIS - 1);
  assert.equal(transport.sent.length, 1);
  await clock.pass(1);
  assert.equal(transport.sent.length, 2);
});

test('a full request is sent at once', async t => {
  const { transport, append } = start(t, { maxExportBatchSize: 3 });
  append(LOW, encodedRecord(10), encodedRecord(10));
  assert.equal(transport.sent.length, 0);
  append(LOW, encodedRecord(10));
  assert.equal(transport.sent.length, 1);
});

test('with preserveOrder there is one request at a time', async t => {
  const { transport, append } = start(t, { preserveOrder: true, maxExportBatchSize: 1 });
  for (let i = 0; i < 3; i++) append(HIGH, encodedRecord(10));
  assert.equal(transport.sent.length, 1);
  await transport.sent[0]?.answer(ACCEPTED);
  assert.equal(transport.sent.length, 2);
});

test('a flush sends the records that wait for a full batch, and ends when the collector is away', async t => {
  const { transport, sender, append } = start(t);
  append(LOW, encodedRecord(10));
  const flushed = sender.flush();
  assert.equal(transport.sent.length, 1);
  await transport.sent[0]?.answer(FAILED);
  await flushed;
  assert.equal(transport.sent.length, 1);
});

test('after a flush records below HIGH wait for a full batch again', async t => {
  const { clock, transport, sender, append } = start(t);
  await sender.flush();
  append(LOW, encodedRecord(10));
  await clock.pass(SCHEDULE_MILLIS - 1);
  assert.equal(transport.sent.length, 0);
});

test('an answer after stop() changes nothing: the next process sends the records again', async t => {
  for (const outcome of [ACCEPTED, FAILED, BAD, TOO_LARGE]) {
    const { clock, transport, spool, sender, append } = start(t);
    append(HIGH, encodedRecord(10), encodedRecord(10));
    const stopped = sender.stop(500);
    await clock.pass(500);
    await stopped;
    assert.equal(transport.closed, true);
    await transport.sent[0]?.answer(outcome);
    assert.deepEqual([spool.totals.accepted, spool.totals.refused], [0, 0]);
    assert.equal(spool.waiting.records, 2);
    sender.wake();
    await clock.pass(1_000_000);
    assert.equal(transport.sent.length, 1);
    t.mock.reset();
  }
});

test('stop() waits for the answers of a working collector', async t => {
  const { transport, spool, sender, append } = start(t);
  append(LOW, encodedRecord(10));
  const stopped = sender.stop(500);
  assert.equal(transport.closed, false);
  await transport.sent[0]?.answer(ACCEPTED);
  await stopped;
  assert.equal(spool.totals.accepted, 1);
  assert.equal(transport.closed, true);
});

test('expired records are evicted once a minute, without a request', async t => {
  const { clock, spool, transport, append } = start(t, {}, { maxAgeMillis: 30_000 });
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer({ ...FAILED, delayMillis: 500_000 });
  await clock.pass(59_999);
  assert.equal(spool.totals.evicted.age, 0);
  await clock.pass(1);
  assert.equal(spool.totals.evicted.age, 1);
});

test('a spool that cannot be read is tried again, without an uncaught error', async t => {
  const { clock, spool, transport, append } = start(t);
  const claim = t.mock.method(spool, 'claim', () => {
    throw new MemwardenError('SPOOL_INVALID', 'failed to read the spool', 'try again');
  });
  append(HIGH, encodedRecord(10));
  assert.equal(transport.sent.length, 0);
  claim.mock.restore();
  await clock.pass(INITIAL_MILLIS);
  assert.equal(transport.sent.length, 1);
});

test('records of an earlier process are sent without a new record', async t => {
  const { clock, transport, spool, sender } = start(t);
  spool.append([{ severity: LOW, records: 1, body: encodedRecord(10) }]);
  sender.wake();
  await clock.pass(SCHEDULE_MILLIS);
  assert.equal(transport.sent.length, 1);
});

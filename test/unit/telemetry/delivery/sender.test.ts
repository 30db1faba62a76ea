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

/** Memory that knows what it was given back. */
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

test('a server that asks for ages is asked again after ten minutes, and not before', async t => {
  const { clock, transport, append } = start(t);
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer({ ...FAILED, delayMillis: 9_000_000_000 });
  await clock.pass(599_999);
  assert.equal(transport.sent.length, 1);
  await clock.pass(1);
  assert.equal(transport.sent.length, 2);
});

test('a server that asks for a wait gets it, also when the backoff would be shorter', async t => {
  const { clock, transport, append } = start(t);
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer({ ...FAILED, delayMillis: 5_000 });
  await clock.pass(4_999);
  assert.equal(transport.sent.length, 1);
  await clock.pass(1);
  assert.equal(transport.sent.length, 2);
});

test('what comes during a wait is not sent before its end, however severe', async t => {
  const { clock, transport, append } = start(t);
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer({ ...FAILED, delayMillis: 5_000 });
  append(HIGH, encodedRecord(10));
  await clock.pass(4_999);
  assert.equal(transport.sent.length, 1);
});

test('a server that asks for no wait at all gets one', async t => {
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

test('requests that fail together are one failure: the wait is one step', async t => {
  const { clock, transport, append } = start(t);
  for (let i = 0; i < 4; i++) append(HIGH, encodedRecord(10));
  assert.equal(transport.sent.length, 4);
  for (const sent of [...transport.sent]) await sent.answer(FAILED);
  await clock.pass(INITIAL_MILLIS);
  assert.equal(transport.sent.length, 5);
});

test('each failure doubles the wait up to the longest, and a success takes it back to the first', async t => {
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

test('while the collector is in doubt one request asks for all; afterwards there are several again', async t => {
  const { clock, transport, append } = start(t, { maxExportBatchSize: 1 });
  for (let i = 0; i < 8; i++) append(HIGH, encodedRecord(10));
  assert.equal(transport.sent.length, 4);
  for (const sent of [...transport.sent]) await sent.answer(FAILED);
  await clock.pass(INITIAL_MILLIS);
  assert.equal(transport.sent.length, 5);
  await transport.sent[4]?.answer(ACCEPTED);
  assert.equal(transport.sent.length, 9);
});

test('the bytes of a request that nobody answered are not used again: it may still be on its way', async t => {
  const { transport, memory, append } = start(t);
  append(HIGH, encodedRecord(10));
  const [first] = transport.sent;
  assert.ok(first);
  await first.answer(FAILED);
  assert.equal(memory.has(first.request), false);
  assert.equal(memory.given.length, 0);
});

test('an answer gives the memory of the request back, and that of its bodies, once each', async t => {
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

test('a request that is a body with a head in front is given back once, as the body', async t => {
  const { transport, memory, append } = start(t);
  memory.room = 1_000;
  const body = Buffer.alloc(1_100).subarray(1_000);
  encodedRecord(100).copy(body);
  append(HIGH, body);
  const [first] = transport.sent;
  await first?.answer(ACCEPTED);
  assert.equal(memory.given.length, 1);
});

test('a record that is too large by itself is counted as refused, and the others as accepted', async t => {
  const { transport, spool, sender, append } = start(t);
  transport.reply = ({ length }) => (length > 400 ? TOO_LARGE : ACCEPTED);
  append(LOW, encodedRecord(50), encodedRecord(600), encodedRecord(50), encodedRecord(50));
  await sender.flush();
  assert.equal(spool.totals.accepted, 3);
  assert.equal(spool.totals.refused, 1);
  assert.equal(spool.waiting.records, 0);
});

test('a record that is too large and alone is set aside', async t => {
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

test('what a collector rejects of the parts is counted over all of them', async t => {
  const { transport, spool, sender, append } = start(t);
  transport.reply = ({ length }) =>
    length > 150 ? TOO_LARGE : { kind: 'accepted', rejected: 1, message: 'too old' };
  append(LOW, ...Array.from({ length: 8 }, () => encodedRecord(50)));
  await sender.flush();
  assert.deepEqual([spool.totals.accepted, spool.totals.refused], [4, 4]);
});

test('a collector that goes away between the parts gets all of them again, and counts as away', async t => {
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

test('what is wrong with the connection keeps the records, and is asked again after the longest wait', async t => {
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

test('what is wrong with the records sets them aside at once, and the next go on', async t => {
  const { transport, spool, sender, append } = start(t);
  append(HIGH, encodedRecord(10));
  append(HIGH, encodedRecord(20));
  await transport.sent[0]?.answer(BAD);
  await transport.sent[1]?.answer(ACCEPTED);
  assert.deepEqual([spool.totals.refused, spool.totals.accepted], [1, 1]);
  assert.equal(sender.problem, undefined);
});

// the time of the first request was never forgotten: from then on each record was sent at once, and alone
test('what is not severe waits for company, and no longer than it may', async t => {
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

test('as many as fill a request are sent at once', async t => {
  const { transport, append } = start(t, { maxExportBatchSize: 3 });
  append(LOW, encodedRecord(10), encodedRecord(10));
  assert.equal(transport.sent.length, 0);
  append(LOW, encodedRecord(10));
  assert.equal(transport.sent.length, 1);
});

test('in order there is one request at a time', async t => {
  const { transport, append } = start(t, { preserveOrder: true, maxExportBatchSize: 1 });
  for (let i = 0; i < 3; i++) append(HIGH, encodedRecord(10));
  assert.equal(transport.sent.length, 1);
  await transport.sent[0]?.answer(ACCEPTED);
  assert.equal(transport.sent.length, 2);
});

test('a flush sends what waits for company, and ends when the collector is away', async t => {
  const { transport, sender, append } = start(t);
  append(LOW, encodedRecord(10));
  const flushed = sender.flush();
  assert.equal(transport.sent.length, 1);
  await transport.sent[0]?.answer(FAILED);
  await flushed;
  assert.equal(transport.sent.length, 1);
});

test('after a flush what is not severe waits for company again', async t => {
  const { clock, transport, sender, append } = start(t);
  await sender.flush();
  append(LOW, encodedRecord(10));
  await clock.pass(SCHEDULE_MILLIS - 1);
  assert.equal(transport.sent.length, 0);
});

test('an answer after the end changes nothing: the next process sends these again', async t => {
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

test('the end waits for the answers of a collector that gives them', async t => {
  const { transport, spool, sender, append } = start(t);
  append(LOW, encodedRecord(10));
  const stopped = sender.stop(500);
  assert.equal(transport.closed, false);
  await transport.sent[0]?.answer(ACCEPTED);
  await stopped;
  assert.equal(spool.totals.accepted, 1);
  assert.equal(transport.closed, true);
});

test('what has waited too long is given up once a minute, without a request', async t => {
  const { clock, spool, transport, append } = start(t, {}, { maxAgeMillis: 30_000 });
  append(HIGH, encodedRecord(10));
  await transport.sent[0]?.answer({ ...FAILED, delayMillis: 500_000 });
  await clock.pass(59_999);
  assert.equal(spool.totals.evicted.age, 0);
  await clock.pass(1);
  assert.equal(spool.totals.evicted.age, 1);
});

test('a spool that cannot be read is asked again, and ends nothing', async t => {
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

test('what a process before left is sent without anything new', async t => {
  const { clock, transport, spool, sender } = start(t);
  spool.append([{ severity: LOW, records: 1, body: encodedRecord(10) }]);
  sender.wake();
  await clock.pass(SCHEDULE_MILLIS);
  assert.equal(transport.sent.length, 1);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Severity } from '../../../../src/detect/detection.ts';
import { MemwardenError } from '../../../../src/errors.ts';
import { CollectorState } from '../../../../src/telemetry/delivery/collector-state.ts';
import { OtlpProcessor } from '../../../../src/telemetry/delivery/otlp-processor.ts';
import { Sender } from '../../../../src/telemetry/delivery/sender.ts';
import { type DeliveryOptions, TELEMETRY_DEFAULTS } from '../../../../src/telemetry/options.ts';
import { BufferPool } from '../../../../src/telemetry/otlp/buffer-pool.ts';
import { DetectionEncoder } from '../../../../src/telemetry/otlp/detection-encoder.ts';
import { createResource } from '../../../../src/telemetry/record/resource.ts';
import type { Batch } from '../../../../src/telemetry/spool/batch.ts';
import { SPOOL_DEFAULTS } from '../../../../src/telemetry/spool/options.ts';
import { Spool } from '../../../../src/telemetry/spool/spool.ts';
import { logged } from '../../logged.ts';
import { buildDetection } from '../detection-builder.ts';
import { buildReadable, toReadable } from '../readable-builder.ts';
import { BOOT_ID, CONTEXT } from '../spool/spool-builder.ts';
import { ACCEPTED, Clock, FAILED, FakeTransport } from './fake-transport.ts';

const RETRY_MILLIS = 1_000;

function start(t: TestContext, options: Partial<DeliveryOptions> = {}) {
  const clock = new Clock(t);
  const transport = new FakeTransport();
  const spool = new Spool(SPOOL_DEFAULTS, CONTEXT, undefined);
  const memory = new BufferPool();
  const delivery = { ...TELEMETRY_DEFAULTS.delivery, scheduleDelayMillis: 60_000, ...options };
  const sender = new Sender(spool, transport, delivery, new CollectorState('collector:4317'), memory);
  const processor = new OtlpProcessor(new DetectionEncoder(BOOT_ID), spool, sender, delivery, memory);
  return { clock, transport, spool, processor };
}

function recordOf(severity: Severity): ReadableLogRecord {
  return toReadable({ ...buildDetection(), severity });
}

/** A spool whose disk is full until the test frees it. */
function fillDisk(t: TestContext, spool: Spool): () => void {
  const append = t.mock.method(spool, 'append', () => {
    throw new MemwardenError('SPOOL_INVALID', 'failed to write to the spool: full', 'make room');
  });
  return () => append.mock.restore();
}

/** Every appended batch, in order. */
function appended(t: TestContext, spool: Spool): (readonly Batch[])[] {
  const all: (readonly Batch[])[] = [];
  const append = spool.append.bind(spool);
  t.mock.method(spool, 'append', (...args: Parameters<Spool['append']>) => {
    all.push(args[0]);
    append(...args);
  });
  return all;
}

test('a record is in the accounts from the moment when it is emitted', async t => {
  const { processor, transport, spool } = start(t);
  processor.onEmit(recordOf(1));
  processor.onEmit({ ...buildReadable(), body: { nested: 1 } });
  const counts = () => {
    const { emitted, accepted, spooled, refused } = processor.counts();
    return [emitted, accepted, spooled, refused];
  };
  assert.deepEqual(counts(), [2, 0, 1, 1]);
  const makeRoom = fillDisk(t, spool);
  const persisted = processor.persist();
  await nextTurn();
  assert.deepEqual(counts(), [2, 0, 1, 1]);
  makeRoom();
  t.mock.timers.tick(RETRY_MILLIS);
  await persisted;
  assert.deepEqual(counts(), [2, 0, 1, 1]);
  const flushed = processor.forceFlush();
  await nextTurn();
  await transport.sent[0]?.answer(ACCEPTED);
  await flushed;
  assert.deepEqual(counts(), [2, 1, 0, 1]);
});

test('records are spooled by severity, so that the severe ones can go first', async t => {
  const { processor, spool } = start(t);
  const batches = appended(t, spool);
  for (const severity of [1, 3, 2, 3, 0] as const) processor.onEmit(recordOf(severity));
  await processor.persist();
  assert.deepEqual(
    batches.flat().map(({ severity, records }) => [severity, records]),
    [
      [1, 1],
      [3, 2],
      [2, 1],
      [0, 1],
    ],
  );
});

test('a record without memwarden.severity is sent with severity 0', async t => {
  const { processor, spool } = start(t);
  const batches = appended(t, spool);
  processor.onEmit({ ...buildReadable(), attributes: {} });
  await processor.persist();
  assert.equal(batches.flat()[0]?.severity, 0);
});

test('a full batch that is not yet persisted is spooled once, with the next ones', async t => {
  const { processor, spool, transport } = start(t, { maxExportBatchSize: 2 });
  transport.reply = () => ACCEPTED;
  const batches = appended(t, spool);
  for (let i = 0; i < 5; i++) processor.onEmit(recordOf(1));
  await processor.persist();
  processor.onEmit(recordOf(1));
  await processor.persist();
  assert.deepEqual(
    batches.map(all => all.map(({ records }) => records)),
    [[2, 2, 1], [1]],
  );
});

test('persisted records are sent without a flush', async t => {
  const { processor, transport } = start(t);
  processor.onEmit(recordOf(3));
  await processor.persist();
  assert.equal(transport.sent.length, 1);
});

test('records emitted while the disk was full are written with the rest, and the sender continues meanwhile', async t => {
  const { clock, processor, spool, transport } = start(t);
  processor.onEmit(recordOf(3));
  await processor.persist();
  const makeRoom = fillDisk(t, spool);
  processor.onEmit(recordOf(3));
  const persisted = processor.persist();
  await nextTurn();
  assert.match(processor.problems().spool ?? '', /full/);
  processor.onEmit(recordOf(3));
  await transport.sent[0]?.answer(ACCEPTED);
  assert.equal(processor.counts().accepted, 1);
  makeRoom();
  const batches = appended(t, spool);
  t.mock.timers.tick(RETRY_MILLIS);
  await persisted;
  assert.equal(processor.problems().spool, undefined);
  assert.deepEqual(
    batches.flat().reduce((sum, { records }) => sum + records, 0),
    2,
  );
  await clock.pass(0);
  assert.equal(transport.sent.length, 2);
});

test('persist does not retry after an error that is not one of the spool', async t => {
  const { processor, spool } = start(t);
  t.mock.method(spool, 'append', () => {
    throw new TypeError('a defect');
  });
  processor.onEmit(recordOf(1));
  await assert.rejects(processor.persist(), TypeError);
});

test('after stopWaiting() persist does not wait for a full disk, and a later call tries again', async t => {
  const { processor, spool } = start(t);
  const makeRoom = fillDisk(t, spool);
  processor.stopWaiting();
  processor.onEmit(recordOf(1));
  await assert.rejects(processor.persist(), { code: 'SPOOL_INVALID' });
  makeRoom();
  await processor.persist();
  assert.equal(spool.waiting.records, 1);
});

test('records that never reached the disk are counted and logged as lost at the end', async t => {
  const lines = logged(t);
  const { clock, processor, spool } = start(t);
  fillDisk(t, spool);
  processor.stopWaiting();
  for (const severity of [1, 3, 3] as const) processor.onEmit(recordOf(severity));
  assert.equal(processor.counts().spooled, 3);
  const ended = processor.shutdown(0);
  await clock.pass(0);
  await ended;
  assert.equal(processor.lost, 3);
  assert.ok(lines.includes('3 records could not be spooled before the end and are lost'), lines.join('\n'));
});

test('a processor that has lost nothing at its end logs nothing of the kind', async t => {
  const lines = logged(t);
  const { processor, transport } = start(t);
  transport.reply = () => ACCEPTED;
  processor.onEmit(recordOf(1));
  await processor.shutdown(0);
  assert.equal(processor.lost, 0);
  assert.doesNotMatch(lines.join('\n'), /are lost/);
});

test('checkpoint changes are written with the records of their round, once, and without records only if alone is set', async t => {
  const { processor, spool } = start(t);
  const writes: [number, string[]][] = [];
  const append = spool.append.bind(spool);
  t.mock.method(spool, 'append', (...args: Parameters<Spool['append']>) => {
    writes.push([args[0].length, [...(args[1]?.keys() ?? [])]]);
    append(...args);
  });
  processor.saveCheckpoint(new Map([['position', Uint8Array.of(1)]]), false);
  await processor.persist();
  assert.deepEqual(writes, []);
  processor.saveCheckpoint(new Map(), true);
  await processor.persist();
  assert.deepEqual(writes, []);
  processor.onEmit(recordOf(1));
  await processor.persist();
  processor.saveCheckpoint(new Map([['reported', Uint8Array.of(2)]]), true);
  await processor.persist();
  await processor.persist();
  processor.onEmit(recordOf(1));
  await processor.persist();
  assert.deepEqual(writes, [
    [1, ['position']],
    [0, ['reported']],
    [1, []],
  ]);
  assert.deepEqual([...processor.checkpoint.keys()].sort(), ['position', 'reported']);
});

test('the records in flight are those that a request has claimed', async t => {
  const { processor, transport } = start(t);
  processor.onEmit(recordOf(1));
  await processor.persist();
  assert.equal(processor.backlog().inFlight, 0);
  processor.onEmit(recordOf(3));
  await processor.persist();
  assert.equal(processor.backlog().inFlight, 2);
  await transport.sent[0]?.answer(FAILED);
  assert.equal(processor.backlog().inFlight, 0);
  assert.equal(processor.problems().collector, FAILED.reason);
});

test('the age of the oldest record is in seconds, and 0 without a record', async t => {
  const { clock, processor } = start(t);
  assert.equal(processor.backlog().oldestAgeSeconds, 0);
  processor.onEmit(recordOf(1));
  await processor.persist();
  await clock.pass(3_000);
  assert.equal(processor.backlog().oldestAgeSeconds, 3);
});

test('records emitted after a change of the Resource have the new one', async t => {
  const { processor, transport } = start(t, { maxExportBatchSize: 1 });
  processor.onEmit(recordOf(3));
  await processor.persist();
  processor.setResource(createResource({ serviceName: 'another-name' }));
  processor.onEmit(recordOf(3));
  await processor.persist();
  const named = transport.sent.map(({ asSent }) => asSent.includes('another-name'));
  assert.deepEqual(named, [false, true]);
});

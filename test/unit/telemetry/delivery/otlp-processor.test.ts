import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { OtlpProcessor } from '../../../../src/telemetry/delivery/otlp-processor.ts';
import type { DeliveryCounts } from '../../../../src/telemetry/delivery-counts.ts';
import { databasePathOf } from '../../../../src/telemetry/spool/spool-directory.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { buildReadable } from '../readable-builder.ts';
import { openSpool } from '../spool/spool-builder.ts';
import { GrpcCollector, OK } from './grpc-collector.ts';
import { NEVER_MILLIS, startProcessor } from './start-processor.ts';

async function emit(processor: OtlpProcessor, records: number): Promise<void> {
  for (let i = 0; i < records; i++) processor.onEmit(buildReadable({ sequence: BigInt(i) }));
  await processor.persist();
}

/** Every record is in one of these places; a place that is not given has none. */
function assertBalance(
  processor: OtlpProcessor,
  { inherited = 0, accepted = 0, spooled = 0, refused = 0 }: Partial<Omit<DeliveryCounts, 'evicted'>>,
): void {
  const emitted = accepted + spooled + refused - inherited;
  const evicted = { size: 0, age: 0, corruption: 0, output: 0 };
  const expected = { emitted, inherited, accepted, spooled, refused, evicted };
  assert.deepEqual(processor.counts(), expected);
}

/** ExportLogsServiceResponse with `partial_success`. */
function partialSuccess(rejected: number, message: string): Buffer {
  const text = Buffer.from(message);
  const inner = Buffer.concat([Buffer.from([0x08, rejected, 0x12, text.length]), text]);
  return Buffer.concat([Buffer.from([0x0a, inner.length]), inner]);
}

/** google.rpc.Status with a RetryInfo of this many nanoseconds. */
function retryInfo(millis: number): Buffer {
  let nanos = millis * 1_000_000;
  const varint: number[] = [];
  for (; nanos > 0x7f; nanos = Math.floor(nanos / 128)) varint.push((nanos % 128) | 0x80);
  varint.push(nanos);
  const field = (key: number, content: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([key, content.length]), content]);
  const duration = Buffer.from([0x10, ...varint]);
  const any = Buffer.concat([
    field(0x0a, Buffer.from('type.googleapis.com/google.rpc.RetryInfo')),
    field(0x12, field(0x0a, duration)),
  ]);
  return field(0x1a, any);
}

test('a batch is sent again after UNAVAILABLE with the same bytes, and accepted', async t => {
  const collector = await GrpcCollector.start(t, [{ code: status.UNAVAILABLE }, OK]);
  const processor = startProcessor(t, { endpoint: collector.endpoint });
  await emit(processor, 3);
  await collector.received(2);
  await processor.shutdown(NEVER_MILLIS);
  assert.deepEqual(collector.requests[0], collector.requests[1]);
  assertBalance(processor, { accepted: 3 });
});

test('RESOURCE_EXHAUSTED with RetryInfo is retried after that delay', async t => {
  const collector = await GrpcCollector.start(t, [
    { code: status.RESOURCE_EXHAUSTED, trailer: retryInfo(30) },
    OK,
  ]);
  const processor = startProcessor(
    t,
    { endpoint: collector.endpoint },
    { retryInitialMillis: 60_000, retryMaxMillis: 60_000 },
  );
  await emit(processor, 2);
  await collector.received(2);
  await processor.shutdown(NEVER_MILLIS);
  assertBalance(processor, { accepted: 2 });
});

test('a very long RetryInfo does not delay the shutdown, and the record stays in the spool', async t => {
  const collector = await GrpcCollector.start(t, [
    { code: status.RESOURCE_EXHAUSTED, trailer: retryInfo(9_000_000_000) },
  ]);
  const processor = startProcessor(t, { endpoint: collector.endpoint });
  await emit(processor, 1);
  await collector.received(1);
  await processor.shutdown(100);
  assert.equal(collector.requests.length, 1);
  assert.equal(processor.counts().spooled, 1);
});

test('records that partial success rejects are counted as refused, the others as accepted', async t => {
  const collector = await GrpcCollector.start(t, [partialSuccess(2, 'too old')]);
  const processor = startProcessor(t, { endpoint: collector.endpoint });
  await emit(processor, 5);
  await processor.forceFlush();
  assertBalance(processor, { accepted: 3, refused: 2 });
  await processor.shutdown(NEVER_MILLIS);
});

test('a permanent refusal is set aside once and not sent again', async t => {
  const collector = await GrpcCollector.start(t, [{ code: status.INVALID_ARGUMENT, details: 'no' }, OK]);
  const processor = startProcessor(t, { endpoint: collector.endpoint });
  await emit(processor, 2);
  await processor.forceFlush();
  await emit(processor, 1);
  await processor.forceFlush();
  assert.equal(collector.requests.length, 2);
  assertBalance(processor, { accepted: 1, refused: 2 });
  await processor.shutdown(NEVER_MILLIS);
});

test('UNAUTHENTICATED keeps the records until the credentials are corrected', async t => {
  const collector = await GrpcCollector.start(t, [{ code: status.UNAUTHENTICATED }, OK]);
  const processor = startProcessor(t, { endpoint: collector.endpoint });
  await emit(processor, 2);
  await collector.received(2);
  await processor.shutdown(NEVER_MILLIS);
  assertBalance(processor, { accepted: 2 });
});

test('a request that is too large for the server is split until it fits, and nothing is lost', async t => {
  const collector = await GrpcCollector.start(t, [OK], 8_000);
  const processor = startProcessor(t, { endpoint: collector.endpoint });
  await emit(processor, 40);
  await processor.forceFlush();
  assert.ok(collector.requests.length > 1);
  assert.ok(collector.requests.every(({ length }) => length <= 8_000));
  const uids = collector.requests.flatMap(
    request => request.toString('latin1').match(/[0-9a-f]{32}-0-\d+-/g) ?? [],
  );
  assert.equal(new Set(uids).size, 40);
  assert.equal(uids.length, 40);
  assertBalance(processor, { accepted: 40 });
  await processor.shutdown(NEVER_MILLIS);
});

test('a collector that never answers delays the shutdown no longer than the deadline, and the records stay in the spool', async t => {
  const directory = temporaryDirectory(t);
  const collector = await GrpcCollector.start(t, [undefined]);
  const processor = startProcessor(t, { endpoint: collector.endpoint }, {}, directory);
  await emit(processor, 4);
  await collector.received(1);
  await processor.shutdown(50);
  const spool = openSpool(directory);
  assert.equal(spool.waiting.records, 4);
  spool.close();
});

test('records that an earlier process left in the spool are delivered by the next with the same bytes', async t => {
  const directory = temporaryDirectory(t);
  const deaf = await GrpcCollector.start(t, [undefined]);
  const first = startProcessor(t, { endpoint: deaf.endpoint }, {}, directory);
  await emit(first, 3);
  await deaf.received(1);
  await first.shutdown(10);
  const collector = await GrpcCollector.start(t, [OK]);
  const second = startProcessor(t, { endpoint: collector.endpoint }, {}, directory);
  await second.forceFlush();
  assert.deepEqual(collector.requests, deaf.requests);
  assertBalance(second, { inherited: 3, accepted: 3 });
  await second.shutdown(NEVER_MILLIS);
});

test('over HTTP a 503 is retried and a 400 is final', async t => {
  const bodies: Buffer[] = [];
  const answers = [503, 200, 400];
  const server = createServer((request, response) => {
    buffer(request).then(body => {
      bodies.push(body);
      response.writeHead(answers[bodies.length - 1] ?? 200).end();
      server.emit('answered');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const processor = startProcessor(t, { protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${port}` });
  await emit(processor, 2);
  while (bodies.length < 2) await once(server, 'answered');
  assert.deepEqual(bodies[0], bodies[1]);
  await processor.forceFlush();
  await emit(processor, 1);
  await processor.forceFlush();
  assertBalance(processor, { accepted: 2, refused: 1 });
  await processor.shutdown(NEVER_MILLIS);
});

test('a record that cannot be encoded is one refused record, not a refused batch', async t => {
  const collector = await GrpcCollector.start(t, [OK]);
  const processor = startProcessor(t, { endpoint: collector.endpoint });
  processor.onEmit({ ...buildReadable(), body: { nested: 1 } });
  await emit(processor, 2);
  await processor.forceFlush();
  assertBalance(processor, { accepted: 2, refused: 1 });
  await processor.shutdown(NEVER_MILLIS);
});

test('persist waits while the spool cannot be written, and nothing is lost', async t => {
  const directory = temporaryDirectory(t);
  const collector = await GrpcCollector.start(t, [OK]);
  const processor = startProcessor(t, { endpoint: collector.endpoint }, {}, directory);
  const holder = new DatabaseSync(databasePathOf(directory));
  holder.exec('BEGIN IMMEDIATE');
  let persisted = false;
  const persisting = emit(processor, 3).then(() => {
    persisted = true;
  });
  await nextTurn();
  assert.equal(persisted, false);
  assert.equal(processor.counts().spooled, 3);
  assert.equal(collector.requests.length, 0);
  assert.match(processor.problems().spool ?? '', /^failed to write to the spool .*locked/);

  holder.exec('ROLLBACK');
  holder.close();
  await persisting;
  assert.equal(processor.problems().spool, undefined);
  await processor.forceFlush();
  assertBalance(processor, { accepted: 3 });
  await processor.shutdown(NEVER_MILLIS);
});

test('after stopWaiting() persist fails when the spool cannot be written, and the shutdown keeps its deadline', async t => {
  const directory = temporaryDirectory(t);
  const processor = startProcessor(t, { endpoint: 'http://127.0.0.1:1' }, {}, directory);
  const holder = new DatabaseSync(databasePathOf(directory));
  holder.exec('BEGIN IMMEDIATE');
  processor.stopWaiting();
  await assert.rejects(emit(processor, 3), { code: 'SPOOL_INVALID' });
  assert.equal(processor.counts().spooled, 3);

  holder.exec('ROLLBACK');
  holder.close();
  await processor.persist();
  await processor.shutdown(0);
  const spool = openSpool(directory);
  assert.equal(spool.waiting.records, 3);
  spool.close();
});

test('checkpoint changes are written with the records of their round, and without records only if alone is set', async t => {
  const collector = await GrpcCollector.start(t, [OK]);
  const processor = startProcessor(t, { endpoint: collector.endpoint });
  processor.saveCheckpoint(new Map([['ring', Buffer.from('1')]]), false);
  await processor.persist();
  assert.equal(processor.checkpoint.size, 0);

  await emit(processor, 1);
  assert.deepEqual([...processor.checkpoint.keys()], ['ring']);

  processor.saveCheckpoint(new Map([['reported', Buffer.from('2')]]), true);
  processor.saveCheckpoint(new Map([['ring', null]]), false);
  await processor.persist();
  assert.deepEqual([...processor.checkpoint.keys()], ['reported']);
});

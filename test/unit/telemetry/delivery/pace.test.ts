import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { Severity } from '../../../../src/detect/detection.ts';
import type { OtlpProcessor } from '../../../../src/telemetry/delivery/otlp-processor.ts';
import { buildDetection } from '../detection-builder.ts';
import { toReadable } from '../readable-builder.ts';
import { GrpcCollector, OK } from './grpc-collector.ts';
import { type Respond, serveLogs } from './logs-service.ts';
import { NEVER_MILLIS, startProcessor } from './start-processor.ts';

/** Emits a record and spools it as its own batch. */
async function emit(processor: OtlpProcessor, number: number, severity: Severity = 3): Promise<void> {
  processor.onEmit(toReadable({ ...buildDetection({ sequence: BigInt(number) }), severity }));
  await processor.persist();
}

/** Numbers of the records in a request, in their order. */
function numbersIn(request: Buffer): number[] {
  const uids = request.toString('latin1').matchAll(/[0-9a-f]{32}-0-(\d+)-\d+-proc_mem_access/g);
  return [...uids].map(([, number]) => Number(number));
}

test('with preserveOrder records are sent in their order, whatever the severity and failures, one request at a time', async t => {
  let open = 0;
  let most = 0;
  let requests = 0;
  const arrived: number[] = [];
  const server = createServer(async (request, response) => {
    open += 1;
    most = Math.max(most, open);
    const body = await buffer(request);
    await nextTurn();
    open -= 1;
    requests += 1;
    const fails = requests % 3 === 0;
    if (!fails) arrived.push(...numbersIn(body));
    response.writeHead(fails ? 503 : 200).end();
    server.emit('arrived');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const otlp = { protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${port}` } as const;
  const processor = startProcessor(t, otlp, { preserveOrder: true, maxExportBatchSize: 2 });
  const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
  for (const number of numbers) await emit(processor, number, number % 4 === 0 ? 3 : 1);
  while (arrived.length < numbers.length) await once(server, 'arrived');
  await processor.shutdown(NEVER_MILLIS);
  assert.deepEqual(arrived, numbers);
  assert.equal(most, 1);
});

// Symptom: the test failed on a busy machine, and then its process never ended. The requests failed by a timeout of 300 ms,
// which the first could reach before the third was sent; and nothing shut down the processor, which retried forever.
test('as many requests as allowed are in flight at once, until one of them fails', async t => {
  const arrivals = new EventEmitter();
  const unanswered: Respond[] = [];
  const port = await serveLogs(t, (_request, respond) => {
    unanswered.push(respond);
    arrivals.emit('request');
  });
  const received = async (count: number) => {
    while (unanswered.length < count) await once(arrivals, 'request');
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const processor = startProcessor(t, { endpoint }, { maxInFlight: 3, maxExportBatchSize: 1 });
  for (let i = 0; i < 5; i++) await emit(processor, i);
  await received(3);
  assert.equal(processor.backlog().inFlight, 3);
  for (const respond of unanswered.slice()) respond({ code: status.UNAVAILABLE });
  // one request probes for all
  await received(4);
  assert.equal(processor.backlog().inFlight, 1);
  await processor.shutdown(0);
  assert.equal(processor.counts().spooled, 5);
});

test('a HIGH record is sent at once, together with the records that wait for a full batch', async t => {
  const collector = await GrpcCollector.start(t, [OK]);
  const processor = startProcessor(
    t,
    { endpoint: collector.endpoint },
    { scheduleDelayMillis: NEVER_MILLIS },
  );
  await emit(processor, 1, 1);
  await emit(processor, 2, 2);
  assert.equal(collector.requests.length, 0);
  await emit(processor, 3, 3);
  await collector.received(1);
  assert.deepEqual(collector.requests.map(numbersIn), [[3, 2, 1]]);
  await processor.shutdown(NEVER_MILLIS);
});

test('a shutdown sends the records that wait for a full batch', async t => {
  const collector = await GrpcCollector.start(t, [OK]);
  const processor = startProcessor(
    t,
    { endpoint: collector.endpoint },
    { scheduleDelayMillis: NEVER_MILLIS },
  );
  await emit(processor, 1, 1);
  await processor.shutdown(NEVER_MILLIS);
  assert.deepEqual(collector.requests.map(numbersIn), [[1]]);
});

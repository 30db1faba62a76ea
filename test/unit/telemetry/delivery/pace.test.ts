import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Severity } from '../../../../src/detect/detection.ts';
import { createOtlpProcessor } from '../../../../src/telemetry/delivery/create-otlp-processor.ts';
import type { OtlpProcessor } from '../../../../src/telemetry/delivery/otlp-processor.ts';
import {
  type DeliveryOptions,
  type OtlpOptions,
  TELEMETRY_DEFAULTS,
} from '../../../../src/telemetry/options.ts';
import { createResource } from '../../../../src/telemetry/resource.ts';
import { SPOOL_DEFAULTS } from '../../../../src/telemetry/spool/options.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { buildDetection } from '../detection-builder.ts';
import { toReadable } from '../readable-builder.ts';
import { BOOT_ID } from '../spool/spool-builder.ts';
import { GrpcCollector, OK } from './grpc-collector.ts';

function start(
  t: TestContext,
  otlp: Partial<OtlpOptions>,
  delivery: Partial<DeliveryOptions>,
): OtlpProcessor {
  const pace = { scheduleDelayMillis: 10, retryInitialMillis: 20, retryMaxMillis: 50, ...delivery };
  const options = {
    ...TELEMETRY_DEFAULTS,
    otlp: { ...TELEMETRY_DEFAULTS.otlp, ...otlp },
    delivery: { ...TELEMETRY_DEFAULTS.delivery, ...pace },
    spool: { ...SPOOL_DEFAULTS, directory: temporaryDirectory(t) },
  };
  return createOtlpProcessor(options, createResource({}), BOOT_ID);
}

/** Spools a record by itself. */
async function emit(processor: OtlpProcessor, number: number, severity: Severity = 3): Promise<void> {
  processor.onEmit(toReadable({ ...buildDetection({ sequence: BigInt(number) }), severity }));
  await processor.persist();
}

/** Numbers of the records in a request, in their order. */
function numbersIn(request: Buffer): number[] {
  const uids = request.toString('latin1').matchAll(/[0-9a-f]{32}-0-(\d+)-\d+-proc_mem_access/g);
  return [...uids].map(([, number]) => Number(number));
}

test('in order means as they happened, whatever the severity, over failures, one request at a time', async t => {
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
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const otlp = { protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${port}` } as const;
  const processor = start(t, otlp, { preserveOrder: true, maxExportBatchSize: 2 });
  const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
  for (const number of numbers) await emit(processor, number, number % 4 === 0 ? 3 : 1);
  while (processor.counts().accepted < numbers.length) await nextTurn();
  await processor.shutdown(1_000);
  assert.deepEqual(arrived, numbers);
  assert.equal(most, 1);
});

test('several requests are under way at once, as many as allowed, until one of them fails', async t => {
  const collector = await GrpcCollector.start(t, [undefined]);
  const processor = start(
    t,
    { endpoint: collector.endpoint, timeoutMillis: 300 },
    { maxInFlight: 3, maxExportBatchSize: 1 },
  );
  for (let i = 0; i < 5; i++) await emit(processor, i);
  await collector.received(3);
  assert.equal(processor.backlog().inFlight, 3);
  // they time out; then one request asks for all
  await collector.received(4);
  assert.equal(processor.backlog().inFlight, 1);
  await processor.shutdown(0);
  assert.equal(processor.counts().spooled, 5);
});

test('what is severe is sent at once, and takes what waits for company along', async t => {
  const collector = await GrpcCollector.start(t, [OK]);
  const processor = start(t, { endpoint: collector.endpoint }, { scheduleDelayMillis: 3_600_000 });
  await emit(processor, 1, 1);
  await emit(processor, 2, 2);
  assert.equal(collector.requests.length, 0);
  await emit(processor, 3, 3);
  await collector.received(1);
  assert.deepEqual(collector.requests.map(numbersIn), [[3, 2, 1]]);
  await processor.shutdown(1_000);
});

test('an end in good order sends what waits for company', async t => {
  const collector = await GrpcCollector.start(t, [OK]);
  const processor = start(t, { endpoint: collector.endpoint }, { scheduleDelayMillis: 3_600_000 });
  await emit(processor, 1, 1);
  await processor.shutdown(5_000);
  assert.deepEqual(collector.requests.map(numbersIn), [[1]]);
});

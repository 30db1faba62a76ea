import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { StandardOutput } from '../../../../src/standard-streams/standard-output.ts';
import type { DeliveryCounts } from '../../../../src/telemetry/delivery-counts.ts';
import { type DeliveryOptions, TELEMETRY_DEFAULTS } from '../../../../src/telemetry/options.ts';
import { STOCK_LIMITS } from '../../../../src/telemetry/stock/stock-processor.ts';
import { prepareTelemetry, type Telemetry } from '../../../../src/telemetry/telemetry.ts';
import { captureDiagnostics } from '../../diagnostics-lines.ts';
import { type Answer, GrpcCollector, OK } from '../delivery/grpc-collector.ts';
import { buildDetection } from '../detection-builder.ts';
import { requestRecords } from '../otlp/request-records.ts';

function start(endpoint: string, delivery: Partial<DeliveryOptions> = {}): Telemetry {
  return prepareTelemetry(
    {
      ...TELEMETRY_DEFAULTS,
      otlp: { ...TELEMETRY_DEFAULTS.otlp, endpoint },
      delivery: { ...TELEMETRY_DEFAULTS.delivery, mode: 'stock', ...delivery },
    },
    { output: new StandardOutput(), onOutputClosed: () => undefined },
  )('file_open=lsm');
}

async function startWith(
  t: TestContext,
  answers: readonly Answer[],
  delivery: Partial<DeliveryOptions> = {},
): Promise<{ collector: GrpcCollector; telemetry: Telemetry }> {
  const collector = await GrpcCollector.start(t, answers);
  return { collector, telemetry: start(collector.endpoint, delivery) };
}

function emit(telemetry: Telemetry, records: number): void {
  for (let i = 0; i < records; i++) telemetry.emit(buildDetection({ sequence: BigInt(i) }));
}

function counts(fields: Partial<Omit<DeliveryCounts, 'evicted'>>, dropped = 0): DeliveryCounts {
  const zero = { emitted: 0, inherited: 0, accepted: 0, spooled: 0, refused: 0 };
  return { ...zero, ...fields, evicted: { size: dropped, age: 0, corruption: 0, output: 0 } };
}

test('records arrive as the SDK sends them, and are counted as accepted', async t => {
  const { collector, telemetry } = await startWith(t, [OK]);
  emit(telemetry, 3);
  await telemetry.forceFlush();
  assert.deepEqual(
    collector.requests.flatMap(request => [...requestRecords(request)]).map(({ eventName }) => eventName),
    Array(3).fill('proc_mem_access'),
  );
  assert.deepEqual(telemetry.stats(), counts({ emitted: 3, accepted: 3 }));
  await telemetry.shutdown(1_000);
});

test('the shutdown exports what is still queued', async t => {
  const { collector, telemetry } = await startWith(t, [OK]);
  emit(telemetry, 2);
  await telemetry.shutdown(10_000);
  assert.equal(collector.requests.flatMap(request => [...requestRecords(request)]).length, 2);
  assert.deepEqual(telemetry.stats(), counts({ emitted: 2, accepted: 2 }));
});

test('records that do not fit the queue are dropped by the SDK and counted', async t => {
  const { telemetry } = await startWith(t, [OK], { maxQueueSize: 4, maxExportBatchSize: 4 });
  emit(telemetry, 20);
  await telemetry.forceFlush();
  const { accepted, evicted } = telemetry.stats();
  assert.ok(evicted.size > 0, 'nothing was dropped');
  assert.equal(accepted + evicted.size, 20);
  await telemetry.shutdown(1_000);
});

test('a failed export is not retried, and its records are counted as refused', async t => {
  const { collector, telemetry } = await startWith(t, [{ code: status.UNAVAILABLE }, OK]);
  emit(telemetry, 2);
  await telemetry.forceFlush();
  assert.deepEqual(telemetry.stats(), counts({ emitted: 2, refused: 2 }));
  emit(telemetry, 1);
  await telemetry.forceFlush();
  assert.equal(collector.requests.length, 2);
  assert.deepEqual(telemetry.stats(), counts({ emitted: 3, accepted: 1, refused: 2 }));
  await telemetry.shutdown(1_000);
});

test('a collector that never answers delays the shutdown no longer than its deadline, and the remaining records are counted', async t => {
  const { telemetry } = await startWith(t, [undefined]);
  emit(telemetry, 2);
  await telemetry.shutdown(50);
  assert.deepEqual(telemetry.stats(), counts({ emitted: 2, spooled: 2 }));
});

test('its limits are logged at the start', t => {
  const lines = captureDiagnostics(t);
  start('http://127.0.0.1:1');
  assert.ok(lines.some(line => line.includes(STOCK_LIMITS)));
});

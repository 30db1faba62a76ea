import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { drainSpool } from '../../../../src/telemetry/delivery/drain.ts';
import { TELEMETRY_DEFAULTS, type TelemetryOptions } from '../../../../src/telemetry/options.ts';
import { SPOOL_DEFAULTS } from '../../../../src/telemetry/spool/options.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { buildReadable, encodeLogRecord } from '../readable-builder.ts';
import { openSpool } from '../spool/spool-builder.ts';
import { GrpcCollector, OK } from './grpc-collector.ts';
import { NEVER_MILLIS } from './start-processor.ts';

/** Options of a spool that holds three records. */
function filled(t: TestContext, endpoint: string): TelemetryOptions {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  const body = encodeLogRecord(buildReadable());
  for (let i = 0; i < 3; i++) spool.append([{ severity: 1, records: 1, body }]);
  spool.close();
  return {
    ...TELEMETRY_DEFAULTS,
    otlp: { ...TELEMETRY_DEFAULTS.otlp, endpoint },
    delivery: { ...TELEMETRY_DEFAULTS.delivery, retryInitialMillis: 10, retryMaxMillis: 20 },
    spool: { ...SPOOL_DEFAULTS, directory },
  };
}

test('draining continues after a short outage of the collector, until the spool is empty', async t => {
  const collector = await GrpcCollector.start(t, [{ code: status.UNAVAILABLE }, OK]);
  const counts = await drainSpool(filled(t, collector.endpoint), NEVER_MILLIS, () => undefined);
  assert.equal(counts.spooled, 0);
  assert.equal(counts.accepted, 3);
});

test('draining ends at the deadline, and undelivered records stay in the spool', async t => {
  const collector = await GrpcCollector.start(t, [{ code: status.UNAVAILABLE }]);
  const options = filled(t, collector.endpoint);
  assert.equal((await drainSpool(options, 100, () => undefined)).spooled, 3);
  const spool = openSpool(options.spool?.directory ?? '');
  assert.equal(spool.waiting.records, 3);
  spool.close();
});

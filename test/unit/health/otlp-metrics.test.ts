import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createSelfMetrics } from '../../../src/health/self-metrics.ts';
import { createMetricReader } from '../../../src/telemetry/metrics/metric-reader.ts';
import { METRICS } from '../../../src/telemetry/metrics/metrics.ts';
import { type MetricsOptions, TELEMETRY_DEFAULTS } from '../../../src/telemetry/options.ts';
import { createResource } from '../../../src/telemetry/record/resource.ts';
import { serveLogs } from '../telemetry/delivery/logs-service.ts';
import { SOURCES } from './metric-sources.ts';

const METHOD = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

function send(t: TestContext, endpoint: string, metrics: Partial<MetricsOptions> = {}): void {
  const reader = createMetricReader({
    ...TELEMETRY_DEFAULTS,
    otlp: { ...TELEMETRY_DEFAULTS.otlp, endpoint, headers: { 'x-tenant': 'records' } },
    metrics: { exporter: 'otlp', intervalMillis: 10, ...metrics },
  });
  assert.ok(reader !== undefined);
  const resource = createResource({ serviceName: 'build-guard' });
  const selfMetrics = createSelfMetrics(SOURCES, { reader, resource });
  t.after(() => selfMetrics.shutdown());
}

function assertComplete(request: Buffer): void {
  const text = request.toString('latin1');
  for (const { name } of Object.values(METRICS)) assert.ok(text.includes(name), `${name} is missing`);
  assert.ok(text.includes('build-guard'));
}

test('every metric goes to the collector over gRPC', async t => {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const port = await serveLogs(
    t,
    (request, respond) => {
      resolve(request);
      respond(Buffer.alloc(0));
    },
    -1,
    METHOD,
  );
  send(t, `http://127.0.0.1:${port}`);
  assertComplete(await promise);
});

test('every metric goes to the collector over HTTP, with headers of its own', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  send(t, `http://127.0.0.1:${port}`, { protocol: 'http/protobuf', headers: { 'x-tenant': 'metrics' } });
  const [request, response] = await once(server, 'request');
  assertComplete(await buffer(request));
  response.end();
  assert.equal(request.url, '/v1/metrics');
  assert.equal(request.headers['x-tenant'], 'metrics');
});

test('no metrics are sent by default', () => {
  assert.equal(createMetricReader(TELEMETRY_DEFAULTS), undefined);
});

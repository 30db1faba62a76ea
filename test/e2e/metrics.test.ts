import { test } from 'node:test';
import { createSelfMetrics } from '../../src/health/self-metrics.ts';
import { createMetricReader } from '../../src/telemetry/metrics/metric-reader.ts';
import { METRICS } from '../../src/telemetry/metrics/metrics.ts';
import { TELEMETRY_DEFAULTS } from '../../src/telemetry/options.ts';
import { createResource } from '../../src/telemetry/record/resource.ts';
import { SOURCES } from '../unit/health/metric-sources.ts';
import { Collector } from './collector-harness.ts';
import { whyNoCollector } from './requirements.ts';

const skip = await whyNoCollector();

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  test(`a Collector receives every metric by ${protocol}`, { skip }, async t => {
    await using collector = await Collector.prepare();
    await collector.start();
    const port = protocol === 'grpc' ? collector.grpcPort : collector.httpPort;
    const { otlp } = TELEMETRY_DEFAULTS;
    const reader = createMetricReader({
      ...TELEMETRY_DEFAULTS,
      otlp: { ...otlp, protocol, endpoint: `http://127.0.0.1:${port}` },
      metrics: { exporter: 'otlp', intervalMillis: 50 },
    });
    const selfMetrics = createSelfMetrics(SOURCES, reader && { reader, resource: createResource({}) });
    t.after(() => selfMetrics.shutdown());
    await collector.waitForMetrics(Object.values(METRICS).map(({ name }) => name));
  });
}

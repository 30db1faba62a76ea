import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { CpuCounters } from '../capture/index.ts';
import type { JudgementCounts } from '../judgement.ts';
import { OTEL } from '../telemetry/attributes.ts';
import type { DeliveryCounts } from '../telemetry/delivery-counts.ts';
import { METRICS } from '../telemetry/metrics.ts';
import { SCOPE } from '../telemetry/scope.ts';

/** Where the numbers come from; asked when somebody asks for them. */
export interface MetricSources {
  judgement(): JudgementCounts;
  delivery(): DeliveryCounts;
  kernel(): readonly CpuCounters[];
  unknownRecords(): bigint;
  /** Seconds, by capability. */
  canaryAges(): ReadonlyMap<string, number>;
}

export interface SelfMetrics {
  /** Answers a scrape in the Prometheus text format. */
  serve(request: IncomingMessage, response: ServerResponse): void;
  shutdown(): Promise<void>;
}

const SERVICE = resourceFromAttributes({
  [OTEL.SERVICE_NAME]: SCOPE.name,
  [OTEL.SERVICE_VERSION]: SCOPE.version,
});

type Reading = readonly [value: number, attributes?: Attributes];

/** The sidecar's metrics of itself: read from the stages' own counts on demand, nothing is counted twice. */
export function createSelfMetrics(sources: MetricSources): SelfMetrics {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter], resource: SERVICE });
  const meter = provider.getMeter(SCOPE.name, SCOPE.version);
  const one = (unit: string, description: string) => ({ unit, description });

  const counter = (name: string, unit: string, description: string, read: () => Iterable<Reading>): void => {
    meter.createObservableCounter(name, one(unit, description)).addCallback(result => {
      for (const [value, attributes] of read()) result.observe(value, attributes);
    });
  };
  const gauge = (name: string, unit: string, description: string, read: () => Iterable<Reading>): void => {
    meter.createObservableGauge(name, one(unit, description)).addCallback(result => {
      for (const [value, attributes] of read()) result.observe(value, attributes);
    });
  };

  const { judgement, delivery } = sources;
  counter(METRICS.CAPTURED, '{event}', 'Events that left the kernel.', () => [[judgement().captured]]);
  counter(METRICS.UNMATCHED, '{event}', 'Events that no signature was about.', () => [
    [judgement().unmatched],
  ]);
  counter(METRICS.LOST, '{event}', 'Events that the kernel could not hand over.', () =>
    lost(sources.kernel()),
  );
  counter(METRICS.UNKNOWN, '{event}', 'Events of a layout that this version does not know.', () => [
    [Number(sources.unknownRecords())],
  ]);
  counter(METRICS.DETECTED, '{detection}', 'Findings of the signatures.', () => [[judgement().detected]]);
  counter(METRICS.EXCEPTED, '{detection}', 'Findings dropped by an exception.', () => [
    [judgement().excepted],
  ]);
  counter(METRICS.REPEATED, '{detection}', 'Findings told in a summary.', () => [[judgement().repeated]]);
  counter(METRICS.ACCEPTED, '{record}', 'Records that the collector has.', () => [[delivery().accepted]]);
  counter(METRICS.REFUSED, '{record}', 'Records that were refused for good.', () => [[delivery().refused]]);
  counter(METRICS.EVICTED, '{record}', 'Records given up for want of room, age or damage.', () => [
    [delivery().evicted],
  ]);
  gauge(METRICS.SPOOLED, '{record}', 'Records that wait for the collector.', () => [[delivery().spooled]]);
  gauge(METRICS.LOG_QUEUE_SIZE, '{log_record}', 'Records in the queue of the processor.', () => [
    [delivery().spooled],
  ]);
  counter(METRICS.LOG_EXPORTED, '{log_record}', 'Records whose export has ended.', () => [
    [delivery().accepted],
    [delivery().refused, { 'error.type': 'rejected' }],
  ]);
  gauge(METRICS.CANARY_AGE, 's', 'Time since the last canary came through.', () =>
    [...sources.canaryAges()].map(([capability, seconds]): Reading => [seconds, { capability }]),
  );

  return {
    serve: (request, response) => exporter.getMetricsRequestHandler(request, response),
    shutdown: () => provider.shutdown(),
  };
}

function* lost(counters: readonly CpuCounters[]): Generator<Reading> {
  for (const { cpu, dropped } of counters) {
    for (const [reason, count] of Object.entries(dropped)) {
      // a kernel may be built for thousands of CPUs: those that never lost anything are left out, but for one zero
      if (count > 0n || cpu === 0) yield [Number(count), { cpu, reason }];
    }
  }
}

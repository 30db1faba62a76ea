import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes, Observable } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, type MetricReader } from '@opentelemetry/sdk-metrics';
import type { Books } from '../accounting/accounts.ts';
import type { LostCount } from '../accounting/loss-watch.ts';
import type { SkippedRuns } from '../capture/index.ts';
import { quoted } from '../printing/printable.ts';
import type { Backlog } from '../telemetry/delivery-counts.ts';
import { METRICS, type Metric } from '../telemetry/metrics/metrics.ts';
import { OTEL } from '../telemetry/record/attributes.ts';
import { SCOPE } from '../telemetry/record/scope.ts';
import { evictedOf } from '../telemetry/spool/totals.ts';
import type { DeliveryComponents } from '../telemetry/telemetry.ts';

/** Sources of the metrics, read at each scrape or export. */
export interface MetricSources {
  books(): Books;
  lost(): Iterable<LostCount>;
  unknownRecords(): bigint;
  skippedRuns(): Iterable<SkippedRuns>;
  /** By the name of the rule. */
  exceptions(): ReadonlyMap<string, number>;
  backlog(): Backlog;
  /** Seconds, by capability. */
  canaryAges(): ReadonlyMap<string, number>;
  /** Lines for stderr that could not be written. */
  droppedMessages(): number;
  /** Worst delay of the event loop of late, seconds. */
  worstLoopDelay(): number;
  /** Names of the components that deliver records; undefined where there are none. */
  readonly components: DeliveryComponents | undefined;
}

export interface SelfMetrics {
  /** Answers a scrape in the Prometheus text format. */
  serve(request: IncomingMessage, response: ServerResponse): void;
  shutdown(): Promise<void>;
}

/** Resource of a scrape; Prometheus adds host and instance as labels of the target. */
const SERVICE = resourceFromAttributes({
  [OTEL.SERVICE_NAME]: SCOPE.name,
  [OTEL.SERVICE_VERSION]: SCOPE.version,
});

type Reading = readonly [metric: Metric, value: number, attributes?: Attributes];

/**
 * The sidecar's metrics of itself. They are read on demand from the counts of the stages and have no counters of their own.
 * @param push reader that sends the same metrics to a collector, and their Resource
 */
export function createSelfMetrics(
  sources: MetricSources,
  push?: { readonly reader: MetricReader; readonly resource: Resource },
): SelfMetrics {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const providers = [new MeterProvider({ readers: [exporter], resource: SERVICE })];
  if (push !== undefined)
    providers.push(new MeterProvider({ readers: [push.reader], resource: push.resource }));
  for (const provider of providers) observe(provider, sources);
  return {
    serve: (request, response) => exporter.getMetricsRequestHandler(request, response),
    shutdown: async () => {
      await Promise.all(providers.map(provider => provider.shutdown()));
    },
  };
}

/** All metrics in one callback, so that a scrape shows one moment, in which the accounts balance. */
function observe(provider: MeterProvider, sources: MetricSources): void {
  const meter = provider.getMeter(SCOPE.name, SCOPE.version);
  const instruments = new Map<string, Observable>();
  for (const { name, kind, unit, description } of Object.values<Metric>(METRICS)) {
    const options = { unit, description };
    if (kind === 'counter') instruments.set(name, meter.createObservableCounter(name, options));
    else if (kind === 'gauge') instruments.set(name, meter.createObservableGauge(name, options));
    else instruments.set(name, meter.createObservableUpDownCounter(name, options));
  }
  meter.addBatchObservableCallback(
    result => {
      for (const [{ name }, value, attributes] of read(sources)) {
        const instrument = instruments.get(name);
        if (instrument !== undefined) result.observe(instrument, value, attributes);
      }
    },
    [...instruments.values()],
  );
}

function* read(sources: MetricSources): Generator<Reading> {
  const { events, detections, records } = sources.books();
  yield [METRICS.EVENTS_CAPTURED, events.captured];
  yield [METRICS.EVENTS_DETECTED, events.detected];
  yield [METRICS.EVENTS_FILTERED, events.filtered];
  yield [METRICS.EVENTS_EXCEPTED, events.excepted];
  // a time series that begins with its first loss shows no increase to rate() or to an alert
  if (events.lost === 0) yield [METRICS.EVENTS_LOST, 0, { cpu: 0, reason: 'ring_full' }];
  for (const { cpu, reason, count } of sources.lost()) {
    yield [METRICS.EVENTS_LOST, Number(count), { cpu, reason }];
  }
  for (const { capability, program, count } of sources.skippedRuns()) {
    yield [METRICS.HOOK_SKIPPED, count, { capability, program }];
  }
  yield [METRICS.EVENTS_IN_FLIGHT, events.inFlight];
  yield [METRICS.EVENTS_UNKNOWN, Number(sources.unknownRecords())];
  yield [METRICS.DETECTIONS_FOUND, detections.found];
  yield [METRICS.DETECTIONS_EXCEPTED, detections.excepted];
  yield [METRICS.DETECTIONS_REPORTED, detections.reported];
  yield [METRICS.DETECTIONS_SUMMARIZED, detections.summarized];
  yield [METRICS.DETECTIONS_PENDING, detections.pending];
  for (const [rule, count] of sources.exceptions())
    yield [METRICS.EXCEPTION_MATCHES, count, { rule: quoted(rule) }];
  yield [METRICS.RECORDS_EMITTED, records.emitted];
  yield [METRICS.RECORDS_INHERITED, records.inherited];
  yield [METRICS.RECORDS_ACCEPTED, records.accepted];
  yield [METRICS.RECORDS_SPOOLED, records.spooled];
  yield [METRICS.RECORDS_REFUSED, records.refused];
  for (const [reason, count] of Object.entries(records.evicted)) {
    yield [METRICS.RECORDS_EVICTED, count, { reason }];
  }
  const { bytes, oldestAgeSeconds, inFlight } = sources.backlog();
  yield [METRICS.SPOOL_SIZE, bytes];
  yield [METRICS.SPOOL_OLDEST_AGE, oldestAgeSeconds];
  for (const [capability, seconds] of sources.canaryAges()) {
    yield [METRICS.CANARY_AGE, seconds, { capability }];
  }
  yield [METRICS.MESSAGES_DROPPED, sources.droppedMessages()];
  yield [METRICS.EVENT_LOOP_DELAY, sources.worstLoopDelay()];
  yield [METRICS.PROCESS_MEMORY, process.memoryUsage.rss()];
  if (sources.components !== undefined) yield* readSdk(records, inFlight, sources.components);
}

/** The same counts by the names of the semantic conventions, "SDK metrics". */
function* readSdk(
  records: Books['records'],
  inFlight: number,
  components: DeliveryComponents,
): Generator<Reading> {
  const processor = component(components.processor);
  const exporter = component(components.exporter);
  const { accepted, refused, spooled, evicted } = records;
  yield [METRICS.LOG_PROCESSED, accepted + refused, processor];
  if (evictedOf(records) > 0) {
    // value of the conventions for a record that found no room
    yield [METRICS.LOG_PROCESSED, evicted.size, { ...processor, [OTEL.ERROR_TYPE]: 'queue_full' }];
    yield [METRICS.LOG_PROCESSED, evicted.age, { ...processor, [OTEL.ERROR_TYPE]: 'expired' }];
    yield [METRICS.LOG_PROCESSED, evicted.corruption, { ...processor, [OTEL.ERROR_TYPE]: 'corrupted' }];
  }
  yield [METRICS.LOG_QUEUE_SIZE, spooled, processor];
  yield [METRICS.LOG_INFLIGHT, inFlight, exporter];
  yield [METRICS.LOG_EXPORTED, accepted, exporter];
  yield [METRICS.LOG_EXPORTED, refused, { ...exporter, [OTEL.ERROR_TYPE]: 'rejected' }];
}

function component(type: string): Attributes {
  return { 'otel.component.type': type, 'otel.component.name': `${type}/0` };
}

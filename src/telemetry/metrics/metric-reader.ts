import { type MetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { TelemetryOptions } from '../options.ts';
import { createTransport } from '../otlp/create-transport.ts';
import { OtlpMetricExporter } from '../otlp/metric-exporter.ts';
import { METRICS } from '../otlp/signal.ts';

/**
 * Exports the sidecar's metrics of itself over OTLP; undefined when that is off. It is off by default, unlike in the
 * specification: a collector that was set up for records may not take metrics, which would be logged as a problem.
 *
 * @throws MemwardenError CONFIG_INVALID (endpoint), CREDENTIALS_INVALID
 */
export function createMetricReader({ otlp, metrics }: TelemetryOptions): MetricReader | undefined {
  const { exporter, intervalMillis, ...own } = metrics;
  if (exporter !== 'otlp') return undefined;
  const connection = { ...otlp, ...own };
  return new PeriodicExportingMetricReader({
    exporter: new OtlpMetricExporter(createTransport(connection, METRICS)),
    exportIntervalMillis: intervalMillis,
    exportTimeoutMillis: Math.min(connection.timeoutMillis, intervalMillis),
  });
}

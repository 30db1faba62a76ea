import { setTimeout as delay } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import { diag } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { createInsecureCredentials, createSslCredentials } from '@opentelemetry/otlp-grpc-exporter-base';
import { BatchLogRecordProcessor, type ReadWriteLogRecord } from '@opentelemetry/sdk-logs';
import type { DeliveryCounts } from '../delivery-counts.ts';
import type { DurableLogRecordProcessor } from '../durable-processor.ts';
import type { DeliveryOptions, OtlpOptions } from '../options.ts';
import { CredentialSource } from '../otlp/credentials.ts';
import { grpcEndpoint } from '../otlp/endpoint.ts';
import { LOGS } from '../otlp/signal.ts';
import { SCOPE } from '../record/scope.ts';
import { noTotals } from '../spool/totals.ts';
import { ProcessedCounter } from './processed-counter.ts';

const logger = diag.createComponentLogger({ namespace: 'stock' });

type ExporterConfig = NonNullable<ConstructorParameters<typeof OTLPLogExporter>[0]>;

/** The limits of this mode, logged at the start. */
export const STOCK_LIMITS =
  'telemetry.delivery.mode is stock: records are queued in memory and exported by the OpenTelemetry SDK alone. ' +
  'What the queue cannot hold is dropped, a failed export is not tried again, records that the collector rejects in part ' +
  'count as accepted, certificate and header files are read once, nothing survives the end of this process, and the kernel ' +
  'does not record while it is down';

/**
 * Delivery by the SDK alone, without a spool and without our encoder and transport: an unchanged BatchLogRecordProcessor
 * and OTLPLogExporter, and counts of their results.
 */
export class StockProcessor implements DurableLogRecordProcessor {
  shutdownMillis = 0;
  readonly #processor: BatchLogRecordProcessor;
  readonly #processed = new ProcessedCounter();
  #emitted = 0;

  /**
   * Reads the credentials.
   * @throws MemwardenError CONFIG_INVALID (endpoint), CREDENTIALS_INVALID
   */
  constructor(otlp: OtlpOptions, delivery: DeliveryOptions) {
    this.#processor = new BatchLogRecordProcessor({
      exporter: new OTLPLogExporter(exporterConfig(otlp)),
      maxQueueSize: delivery.maxQueueSize,
      maxExportBatchSize: delivery.maxExportBatchSize,
      scheduledDelayMillis: delivery.scheduleDelayMillis,
      exportTimeoutMillis: delivery.exportTimeoutMillis,
      selfObsMeterProvider: this.#processed,
    });
  }

  onEmit(record: ReadWriteLogRecord): void {
    this.#emitted += 1;
    this.#processor.onEmit(record);
  }

  /** Nothing to do: the SDK's queue is in memory only. */
  async persist(): Promise<void> {}

  forceFlush(): Promise<void> {
    return this.#processor.forceFlush();
  }

  async shutdown(deadlineMillis = this.shutdownMillis): Promise<void> {
    // the deadline alone must not keep the process alive
    await Promise.race([this.#processor.shutdown(), delay(deadlineMillis, undefined, { ref: false })]);
    const { spooled } = this.counts();
    if (spooled > 0) logger.error(`${spooled} records could not be exported before the end and are lost`);
  }

  counts(): DeliveryCounts {
    const { exported, failed, dropped } = this.#processed.counts;
    return {
      emitted: this.#emitted,
      inherited: 0,
      accepted: exported,
      spooled: this.#emitted - exported - failed - dropped,
      refused: failed,
      evicted: { ...noTotals().evicted, size: dropped, output: 0 },
    };
  }
}

function exporterConfig(otlp: OtlpOptions): ExporterConfig {
  const { target, tls } = grpcEndpoint(otlp, LOGS);
  const { certificate, clientKey, clientCertificate, headers } = new CredentialSource(otlp).current;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return {
    url: target.startsWith('unix:') ? target : `${tls ? 'https' : 'http'}://${target}`,
    metadata,
    credentials: tls
      ? createSslCredentials(certificate, clientKey, clientCertificate)
      : createInsecureCredentials(),
    // the names of the enumeration are those of OTEL_EXPORTER_OTLP_COMPRESSION
    compression: otlp.compression as NonNullable<ExporterConfig['compression']>,
    timeoutMillis: otlp.timeoutMillis,
    userAgent: `${SCOPE.name}/${SCOPE.version}`,
  };
}

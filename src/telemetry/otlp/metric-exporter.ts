import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { CollectorState } from '../delivery/collector-state.ts';
import type { OtlpTransport } from './transport.ts';

/**
 * Exports metrics over the same transport as records. They are not spooled: the counters are cumulative, so the next
 * export makes up for one that failed.
 */
export class OtlpMetricExporter implements PushMetricExporter {
  readonly #transport: OtlpTransport;
  readonly #state: CollectorState;

  constructor(transport: OtlpTransport) {
    this.#transport = transport;
    this.#state = new CollectorState(transport.address, 'metrics', 'the next export makes up for it');
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    // CollectorState logs a failure once; the reader, to which it is passed on, logs it at each export
    this.#send(metrics).then(
      () => done({ code: ExportResultCode.SUCCESS }),
      (error: Error) => done({ code: ExportResultCode.FAILED, error }),
    );
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#transport.close();
  }

  async #send(metrics: ResourceMetrics): Promise<void> {
    const request = ProtobufMetricsSerializer.serializeRequest(metrics);
    if (request === undefined) throw new Error('failed to encode the metrics');
    const outcome = await this.#transport.send(Buffer.from(request));
    if (outcome.kind === 'accepted') this.#state.answered(outcome.rejected, outcome.message);
    else this.#state.failed(outcome.reason);
  }
}

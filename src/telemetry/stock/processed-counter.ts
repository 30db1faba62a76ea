import {
  type Attributes,
  type Counter,
  createNoopMeter,
  type Meter,
  type MeterProvider,
} from '@opentelemetry/api';

/** Names of the semantic conventions, "SDK metrics". They are not stable yet, so they are copied, as in the SDK. */
const PROCESSED = 'otel.sdk.processor.log.processed';
const ERROR_TYPE = 'error.type';
/** `error.type` of records for which the processor's queue had no room. */
const QUEUE_FULL = 'queue_full';

/** Counts of the records that the SDK's batch processor has finished. */
export interface ProcessedRecords {
  readonly exported: number;
  readonly failed: number;
  readonly dropped: number;
}

/**
 * Counts the batch processor's metric `otel.sdk.processor.log.processed`, the only place where the SDK reports a dropped
 * record. It is counted directly and not through a MetricReader, because the accounts must balance at every moment.
 */
export class ProcessedCounter implements MeterProvider {
  #exported = 0;
  #failed = 0;
  #dropped = 0;

  getMeter(): Meter {
    const meter = createNoopMeter();
    const silent = meter.createCounter.bind(meter);
    meter.createCounter = (name, options): Counter =>
      name === PROCESSED
        ? { add: (count, attributes) => this.#add(count, attributes) }
        : silent(name, options);
    return meter;
  }

  get counts(): ProcessedRecords {
    return { exported: this.#exported, failed: this.#failed, dropped: this.#dropped };
  }

  #add(count: number, attributes: Attributes = {}): void {
    const error = attributes[ERROR_TYPE];
    if (error === undefined) this.#exported += count;
    else if (error === QUEUE_FULL) this.#dropped += count;
    else this.#failed += count;
  }
}

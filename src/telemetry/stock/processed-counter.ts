import {
  type Attributes,
  type Counter,
  createNoopMeter,
  type Meter,
  type MeterProvider,
} from '@opentelemetry/api';

/** Names of the OpenTelemetry semantic conventions, "SDK metrics" (incubating, so the SDK has copies of its own, too). */
const PROCESSED = 'otel.sdk.processor.log.processed';
const ERROR_TYPE = 'error.type';
/** `error.type` of records for which the processor's queue had no room. */
const QUEUE_FULL = 'queue_full';

/** What became of the records that the SDK's batch processor was given. */
export interface ProcessedRecords {
  readonly exported: number;
  readonly failed: number;
  readonly dropped: number;
}

/**
 * Listens to the batch processor's metric of itself: the only place where the SDK says that it dropped a record. Read at
 * once and not by a MetricReader, because the accounts must balance at every moment.
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

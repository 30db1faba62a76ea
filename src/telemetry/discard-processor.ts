import type { DeliveryCounts } from './delivery-counts.ts';
import type { DurableLogRecordProcessor } from './durable-processor.ts';
import { noTotals } from './spool/totals.ts';

/** `OTEL_LOGS_EXPORTER=none`: records are counted as accepted and discarded. */
export class DiscardProcessor implements DurableLogRecordProcessor {
  #accepted = 0;

  onEmit(): void {
    this.#accepted++;
  }

  async persist(): Promise<void> {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  counts(): DeliveryCounts {
    const { evicted } = noTotals();
    return {
      emitted: this.#accepted,
      inherited: 0,
      accepted: this.#accepted,
      spooled: 0,
      refused: 0,
      evicted: { ...evicted, output: 0 },
    };
  }
}

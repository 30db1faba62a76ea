import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryCounts } from '../delivery-counts.ts';
import type { TelemetryOptions } from '../options.ts';
import { readBootId } from '../record/boot-id.ts';
import { createResource } from '../record/resource.ts';
import { createOtlpProcessor } from './create-otlp-processor.ts';

/** Time between two reports of the progress, ms. */
const PROGRESS_MILLIS = 1_000;

/**
 * Sends the records of a spool that no sidecar uses, until it is empty or the deadline has passed.
 *
 * @returns the counts at the end
 * @throws MemwardenError SPOOL_INVALID when a sidecar uses the spool, CONFIG_INVALID, CREDENTIALS_INVALID
 */
export async function drainSpool(
  options: TelemetryOptions,
  deadlineMillis: number,
  onProgress: (counts: DeliveryCounts) => void,
): Promise<DeliveryCounts> {
  const end = performance.now() + deadlineMillis;
  const processor = createOtlpProcessor(options, createResource(options.resource), readBootId());
  const progress = setInterval(() => onProgress(processor.counts()), PROGRESS_MILLIS);
  try {
    for (;;) {
      const left = end - performance.now();
      if (processor.counts().spooled === 0 || left <= 0) break;
      await Promise.race([processor.forceFlush(), delay(left, undefined, { ref: false })]);
      // while the collector is away flush() returns at once, and the sender's timer makes the next attempt
      if (processor.counts().spooled > 0)
        await delay(Math.min(options.delivery.retryInitialMillis, Math.max(left, 0)));
    }
  } finally {
    clearInterval(progress);
    await processor.shutdown(0);
  }
  return processor.counts();
}

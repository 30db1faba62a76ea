import type { DetectionStageCounts } from '../detect/detection-stage.ts';
import type { DeliveryCounts } from '../telemetry/delivery-counts.ts';

/**
 * Where everything is that the kernel saw since this process began. The books balance at every moment:
 *
 *     events    captured = detected + filtered + excepted + lost + under way
 *     detections  found    = excepted + told + summarized + pending
 *     records   emitted + inherited = accepted + spooled + refused + evicted
 *               emitted  = detections told + summaries + notices of losses
 *
 * They have three units because one event can be two detections (an open for reading and writing), and one record can be
 * a thousand (the summary of a storm). Each side is counted at another place: `captured` by the kernel, the rest of its
 * line by the stage; `emitted` where records are made, the rest of its line by the spool.
 *
 * - captured: events that the kernel numbered, and repetitions that it only counted
 * - detected: events of which at least one detection is told, by a record of its own or by the count of a summary
 * - filtered: events that no signature is about or that say nothing new, and the sidecar's own canaries
 * - excepted: events all of whose detections were dropped by rules of the exceptions
 * - lost: events that the kernel dropped, and numbers with which nothing came; each is in a `memwarden.events_lost`
 * - under way: events that are in the ring buffer or on their way there, and repetitions that wait in the kernel for the
 *   end of their window
 * - inherited: records that an earlier process left in the spool
 *
 * Without a kernel, as in a replay, there is nothing to compare `captured` with, and no books are kept.
 */
export interface Books {
  readonly events: DetectionStageCounts['events'] & {
    readonly captured: number;
    readonly lost: number;
    readonly inFlight: number;
  };
  readonly detections: DetectionStageCounts['detections'];
  readonly records: DeliveryCounts & {
    /** Records of detections that stand for several detections. */
    readonly summaries: number;
    /** Records of losses. */
    readonly notices: number;
  };
}

/** What the kernel side counts. */
export interface CaptureCounts {
  captured(): bigint;
  lost(): Iterable<{ readonly count: bigint }>;
  readonly notices: number;
}

/** Puts together what the stages have counted. @throws Error when the kernel's counters cannot be read */
export function keepBooks(
  capture: CaptureCounts,
  stage: DetectionStageCounts,
  delivery: DeliveryCounts,
): Books {
  const { detected, filtered, excepted } = stage.events;
  const captured = Number(capture.captured());
  let lost = 0;
  for (const { count } of capture.lost()) lost += Number(count);
  return {
    events: {
      ...stage.events,
      captured,
      lost,
      inFlight: captured - detected - filtered - excepted - lost,
    },
    detections: stage.detections,
    records: { ...delivery, summaries: stage.summaries, notices: capture.notices },
  };
}

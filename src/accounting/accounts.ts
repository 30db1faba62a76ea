import type { DetectionStageCounts } from '../detect/detection-stage.ts';
import type { DeliveryCounts } from '../telemetry/delivery-counts.ts';

/**
 * Accounts of everything that the kernel saw since this process began. They balance at every moment:
 *
 *     events      captured = detected + filtered + excepted + lost + in flight
 *     detections  found    = excepted + reported + summarized + pending
 *     records     emitted + inherited = accepted + spooled + refused + evicted
 *                 emitted  = detections reported + summaries + loss records
 *
 * There are three units because one event can be two detections (an open for reading and writing), and one record can
 * stand for a thousand detections (the summary of a storm). The two sides of an equation are counted in different places:
 * `captured` by the kernel and its right side by the detection stage; `emitted` where records are made and its right side
 * by the spool.
 *
 * - captured: events that the kernel numbered, and repeats that it only counted
 * - detected: events with at least one detection that is reported, by a record of its own or by the count of a summary
 * - filtered: events that no signature matches or that only repeat a reported one, and the sidecar's own canaries
 * - excepted: events all of whose detections were dropped by rules of the exceptions
 * - lost: events that the kernel dropped, and numbers without an event; a `memwarden.events_lost` record reports each
 * - in flight: events in the ring buffer or on their way to it, and repeats that the kernel counts until the end of their
 *   window
 * - inherited: records that an earlier process left in the spool
 *
 * A replay has no kernel that counts `captured`, so it keeps no accounts.
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

/** Counters of the kernel side. */
export interface CaptureCounts {
  captured(): bigint;
  lost(): Iterable<{ readonly count: bigint }>;
  readonly notices: number;
}

/** Combines the counts of the stages. @throws Error when the kernel's counters cannot be read */
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

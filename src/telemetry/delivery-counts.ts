import type { EvictionReason } from './spool/totals.ts';

/** Why records were given up: a reason of the spool, or `output` when the console exporter could not write them. */
export type GivenUpReason = EvictionReason | 'output';

/**
 * Counts of records since this process began. Every record is counted in exactly one place at any time:
 * emitted + inherited = accepted + spooled + refused + evicted.
 */
export interface DeliveryCounts {
  /** Received from the earlier stages. */
  readonly emitted: number;
  /** Found waiting in the spool at the start. */
  readonly inherited: number;
  /** Taken by the collector, or written by the console exporter. */
  readonly accepted: number;
  /** Kept until the collector accepts them. */
  readonly spooled: number;
  /** The collector will never take them, they could not be encoded, or, in stock mode, their export failed. */
  readonly refused: number;
  /** Given up: no room, too old, in a damaged file, or stdout could not be written. */
  readonly evicted: Readonly<Record<GivenUpReason, number>>;
}

/** Records that wait for the collector. */
export interface Backlog {
  readonly bytes: number;
  /** Age of the oldest record in the spool; 0 when it is empty. */
  readonly oldestAgeSeconds: number;
  /** Records in requests that the collector has not answered. */
  readonly inFlight: number;
}

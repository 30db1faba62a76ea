import type { EvictionReason } from './spool/totals.ts';

/** Why records were given up: by the spool, or because the console exporter could not write them. */
export type GivenUpReason = EvictionReason | 'output';

/**
 * Where the records are, counted since this process began. Every record is in one place, always:
 * emitted + inherited = accepted + spooled + refused + evicted.
 */
export interface DeliveryCounts {
  /** Handed over by the stages before. */
  readonly emitted: number;
  /** Found waiting in the spool at the start. */
  readonly inherited: number;
  /** The collector (or the console) has them. */
  readonly accepted: number;
  /** Kept until the collector accepts them. */
  readonly spooled: number;
  /** The collector will never take them, they could not be encoded, or, in stock mode, their export failed. */
  readonly refused: number;
  /** Given up: for want of room, because of their age, with a damaged file, or because stdout could not be written. */
  readonly evicted: Readonly<Record<GivenUpReason, number>>;
}

/** What waits for the collector. */
export interface Backlog {
  readonly bytes: number;
  /** How long the oldest record in the spool has waited; 0 when none does. */
  readonly oldestAgeSeconds: number;
  /** Records in requests that the collector has not answered. */
  readonly inFlight: number;
}

import type { BatchTable } from './batch-table.ts';

/** Why records were given up: no room, too old, or their file was damaged. */
export type EvictionReason = 'size' | 'age' | 'corruption';

/** Counts of records by result, since the spool was created. The pending ones are `waitingOf(totals)`. */
export interface SpoolTotals {
  appended: number;
  accepted: number;
  refused: number;
  evicted: Record<EvictionReason, number>;
}

export function noTotals(): SpoolTotals {
  return { appended: 0, accepted: 0, refused: 0, evicted: { size: 0, age: 0, corruption: 0 } };
}

/** Number of pending records, from the equation appended = accepted + refused + evicted + pending. */
export function waitingOf(totals: SpoolTotals): number {
  return totals.appended - totals.accepted - totals.refused - evictedOf(totals);
}

export function evictedOf({ evicted }: Pick<SpoolTotals, 'evicted'>): number {
  return evicted.size + evicted.age + evicted.corruption;
}

/** The increase from `before` to `now`. */
export function totalsSince(before: SpoolTotals, now: SpoolTotals): SpoolTotals {
  return {
    appended: now.appended - before.appended,
    accepted: now.accepted - before.accepted,
    refused: now.refused - before.refused,
    evicted: {
      size: now.evicted.size - before.evicted.size,
      age: now.evicted.age - before.evicted.age,
      corruption: now.evicted.corruption - before.evicted.corruption,
    },
  };
}

export function readTotals(table: BatchTable): SpoolTotals {
  return {
    appended: table.total('appended'),
    accepted: table.total('accepted'),
    refused: table.total('refused'),
    evicted: {
      size: table.total('evicted.size'),
      age: table.total('evicted.age'),
      corruption: table.total('evicted.corruption'),
    },
  };
}

export function writeTotals(table: BatchTable, { appended, accepted, refused, evicted }: SpoolTotals): void {
  table.setTotal('appended', appended);
  table.setTotal('accepted', accepted);
  table.setTotal('refused', refused);
  table.setTotal('evicted.size', evicted.size);
  table.setTotal('evicted.age', evicted.age);
  table.setTotal('evicted.corruption', evicted.corruption);
}

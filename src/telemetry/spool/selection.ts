import type { Severity } from '../../detect/detection.ts';
import type { ClaimLimits } from './batch.ts';
import type { BatchRow, BatchTable } from './batch-table.ts';

const SEVERITIES_UP: readonly Severity[] = [0, 1, 2, 3];
const SEVERITIES_DOWN: readonly Severity[] = [3, 2, 1, 0];

/**
 * Batches of one Resource for one request: the most severe first, or strictly the oldest first. At least one, however
 * large.
 *
 * @param taken whether a batch is claimed or answered
 */
export function chooseToSend(
  table: BatchTable,
  limits: ClaimLimits,
  taken: (id: number) => boolean,
): readonly BatchRow[] {
  const chosen: BatchRow[] = [];
  let records = 0;
  let bytes = 0;
  for (const severity of limits.inOrder ? [undefined] : SEVERITIES_DOWN) {
    for (const row of table.scan(severity)) {
      if (taken(row.id)) continue;
      records += row.records;
      bytes += row.bytes;
      const sameContext = row.context === (chosen[0] ?? row).context;
      const fits = records <= limits.records && bytes <= limits.bytes && sameContext;
      if (!fits && chosen.length > 0) return chosen;
      chosen.push(row);
    }
  }
  return chosen;
}

/**
 * Batches to evict so that `excess` bytes become free: lowest severity first, and of these the oldest. A batch in flight is
 * not evicted, but its room counts as free, so that no batch of a higher severity is evicted for it: it will be removed
 * when it is accepted, or can be evicted after its release.
 *
 * @param answered whether a batch was answered and is no longer counted, though it is still in the table
 */
export function chooseToEvict(
  table: BatchTable,
  excess: number,
  claimed: (id: number) => boolean,
  answered: (id: number) => boolean,
): readonly BatchRow[] {
  const chosen: BatchRow[] = [];
  let left = excess;
  for (const severity of SEVERITIES_UP) {
    if (left <= 0) return chosen;
    let inFlight = 0;
    for (const row of table.scan(severity)) {
      if (answered(row.id)) continue;
      if (claimed(row.id)) {
        inFlight += row.bytes;
        continue;
      }
      chosen.push(row);
      left -= row.bytes;
      if (left <= 0) return chosen;
    }
    left -= inFlight;
  }
  return chosen;
}

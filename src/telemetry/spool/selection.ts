import type { Severity } from '../../detect/detection.ts';
import type { ClaimLimits } from './batch.ts';
import type { BatchRow, BatchTable } from './batch-table.ts';

const SEVERITIES_UP: readonly Severity[] = [0, 1, 2, 3];
const SEVERITIES_DOWN: readonly Severity[] = [3, 2, 1, 0];

/**
 * Batches of one Resource for one request: the most severe first, or strictly the oldest. At least one, however large.
 *
 * @param taken whether a batch is in somebody's hands already.
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
 * Batches to give up so that `excess` bytes become free: of the lowest severity first, of those the oldest. None of a
 * higher severity goes for the room that lower ones under way take up: those come back, or are gone with the answer.
 *
 * @param answered batches that the table still holds, and that nobody counts any more
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

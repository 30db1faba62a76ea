import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

/** Uids of the pipeline process's records; the third part is the number of the event. */
const UID = /[0-9a-f]{32}-0-(\d+)-\d+-proc_mem_access/g;

/** How often the uid of each event, by its number, is in a text or a request. */
export function countEvents(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [, number] of text.matchAll(UID)) {
    counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1);
  }
  return counts;
}

/**
 * Compares the emitted events (1 to `last`) with the records that arrived, by uid.
 *
 * @param lost number of events that the sidecar reports as lost
 */
export function assertNothingLost(
  t: TestContext,
  last: number,
  arrived: ReadonlyMap<number, number>,
  lost = 0,
): void {
  const missing: number[] = [];
  for (let number = 1; number <= last; number++) if (!arrived.has(number)) missing.push(number);
  const copies = [...arrived.values()].reduce((sum, count) => sum + count - 1, 0);
  t.diagnostic(
    `${last} events, ${arrived.size} arrived, ${missing.length} missing, ${copies} sent twice under one uid`,
  );
  assert.ok(last > 0, 'nothing was emitted');
  assert.equal(missing.length, lost, `missing: ${missing.slice(0, 20).join(', ')}`);
}

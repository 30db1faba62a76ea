import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

/** Uids of the records that the pipeline process makes: the number of the event is the third part. */
const UID = /[0-9a-f]{32}-0-(\d+)-\d+-proc_mem_access/g;

/** Numbers of the events whose uid is in a text or a request, with how often each is there. */
export function countEvents(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [, number] of text.matchAll(UID)) {
    counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1);
  }
  return counts;
}

/**
 * Compares what happened (events 1 to `last`) with what arrived, by uid.
 *
 * @param lost how many events the sidecar itself says are lost.
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

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Arrival } from './arrivals.ts';
import type { Ledger } from './attacker.ts';

/** Result of the comparison of ledgers with the records that arrived. */
export interface Balance {
  /** Opens in the ledgers. */
  readonly done: number;
  /** Opens in the ledgers that are not reported. */
  readonly missing: number;
  /** Reported opens of processes that are not in the ledgers. */
  readonly others: number;
  /** Events that are reported as lost. */
  readonly reportedLost: number;
}

/** Every open is reported, and none as lost. */
export function assertAllReported({ missing, reportedLost }: Balance): void {
  assert.deepEqual({ missing, reportedLost }, { missing: 0, reportedLost: 0 });
}

/**
 * Every missing open must be reported as lost. A loss has no actor: if other processes of the machine than the test's
 * attackers acted at the same time, some of the lost events are theirs, and only a lower bound can be checked.
 */
export function assertLossReported(t: TestContext, { missing, reportedLost, others }: Balance): void {
  assert.ok(missing > 0, 'nothing was lost');
  if (others === 0) assert.equal(reportedLost, missing);
  else t.diagnostic(`${others} opens are reported of others, so lost events can be theirs`);
  assert.ok(reportedLost >= missing, `${missing} are missing and ${reportedLost} reported as lost`);
}

/**
 * Compares the acts of attackers with the records that arrived. A record that arrived twice has the same uid and counts
 * once; a summary counts as often as its count.
 *
 * @throws AssertionError when more opens are reported of an actor than it did, that is the same open under two uids.
 */
export function compare(t: TestContext, ledgers: readonly Ledger[], arrivals: readonly Arrival[]): Balance {
  const unique = new Map(arrivals.map(arrival => [arrival.uid, arrival]));
  const done = new Map<number, number>();
  for (const [pid, opens] of ledgers.flatMap(ledger => [...ledger])) {
    done.set(pid, (done.get(pid) ?? 0) + opens);
  }
  const reported = new Map<number, number>();
  let reportedLost = 0;
  let others = 0;
  for (const { actorPid, opens, lost } of unique.values()) {
    reportedLost += lost;
    if (actorPid === undefined) continue;
    if (done.has(actorPid)) reported.set(actorPid, (reported.get(actorPid) ?? 0) + opens);
    else others += opens;
  }
  let missing = 0;
  let total = 0;
  for (const [pid, opens] of done) {
    const known = reported.get(pid) ?? 0;
    assert.ok(known <= opens, `${known} opens are reported of process ${pid}, which did ${opens}`);
    total += opens;
    missing += opens - known;
  }
  t.diagnostic(
    `${total} opens by ${done.size} processes; ${unique.size} records, ${arrivals.length - unique.size} of them ` +
      `delivered more than once; ${missing} opens missing, ${reportedLost} reported as lost`,
  );
  assert.ok(total > 0, 'nothing was done');
  return { done: total, missing, reportedLost, others };
}

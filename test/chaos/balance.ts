import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Arrival } from './arrivals.ts';
import type { Ledger } from './attacker.ts';

/** What the comparison of a ledger with what arrived comes to. */
export interface Balance {
  /** Opens in the ledgers. */
  readonly done: number;
  /** Opens that were done and not told. */
  readonly missing: number;
  /** Opens that are told of processes that are not in the ledger. */
  readonly others: number;
  /** Events of whose loss the records tell. */
  readonly reportedLost: number;
}

/** Every open is told, and nothing is told as lost. */
export function assertAllReported({ missing, reportedLost }: Balance): void {
  assert.deepEqual({ missing, reportedLost }, { missing: 0, reportedLost: 0 });
}

/**
 * What is missing must be told as lost, to the last open. The kernel cannot say whose the lost events were: where others
 * than the test's attackers acted on the machine meanwhile, some were theirs, and only less than that can be checked.
 */
export function assertLossReported(t: TestContext, { missing, reportedLost, others }: Balance): void {
  assert.ok(missing > 0, 'nothing was lost');
  if (others === 0) assert.equal(reportedLost, missing);
  else t.diagnostic(`${others} opens are reported of others, so lost events can be theirs`);
  assert.ok(reportedLost >= missing, `${missing} are missing and ${reportedLost} reported as lost`);
}

/**
 * Compares what attackers did with what arrived. A record that arrived twice has one uid and counts once; a summary
 * counts for what it sums up.
 *
 * @throws AssertionError when more is told of an actor than it did: something was told twice under two uids.
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

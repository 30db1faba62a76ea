/**
 * Runs in a virtual machine, whose clock can be set: attacks before and after the clock is set back by an hour. Started
 * by clock.test.ts.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { parseGroundTruth } from '../live/act.ts';
import { arrivalsIn } from './arrivals.ts';
import { assertAllReported, compare } from './balance.ts';
import { FaultyCollector } from './faulty-collector.ts';
import { LivePipeline } from './live-pipeline.ts';

const PROGRAM = new URL('../attacks/build/open_mem', import.meta.url).pathname;
const ACTS = 10;

function attack(ledger: Map<number, number>): void {
  for (let i = 0; i < ACTS; i++) {
    const [act] = parseGroundTruth(execFileSync(PROGRAM, { encoding: 'utf8' })).acts;
    assert.ok(act !== undefined);
    ledger.set(act.actor_pid, 1);
  }
}

test('no record is lost or duplicated when the wall clock is set back by an hour, spooled or not', async t => {
  const collector = await FaultyCollector.start(t);
  const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`);
  await pipeline.start();
  const ledger = new Map<number, number>();
  attack(ledger);
  collector.fail({ kind: 'status', code: status.UNAVAILABLE });
  attack(ledger);
  const before = Date.now();
  execFileSync('date', ['-s', `@${Math.floor(before / 1_000) - 3_600}`]);
  assert.ok(Date.now() < before - 3_000_000, 'the clock was not set');
  attack(ledger);
  collector.recover();
  attack(ledger);
  await pipeline.caughtUp();
  const arrivals = arrivalsIn(collector.requests);
  assertAllReported(compare(t, [ledger], arrivals));
  assert.equal(ledger.size, 4 * ACTS);
});

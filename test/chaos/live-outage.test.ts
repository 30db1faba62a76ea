import { suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Collector } from '../e2e/collector-harness.ts';
import { whyNoSidecar } from '../e2e/requirements.ts';
import { arrivalsOf } from './arrivals.ts';
import { Attacker, type Ledger } from './attacker.ts';
import { assertAllReported, compare } from './balance.ts';
import { LivePipeline } from './live-pipeline.ts';
import { CHAOS_SECONDS } from './seconds.ts';

async function running(t: TestContext, collector: Collector): Promise<LivePipeline> {
  await collector.start();
  const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.grpcPort}`);
  await pipeline.start();
  return pipeline;
}

/** Waits until all records are delivered and compares the ledger with the Collector's file. */
async function settle(
  t: TestContext,
  ledger: Ledger,
  pipeline: LivePipeline,
  collector: Collector,
): Promise<void> {
  await pipeline.caughtUp();
  // the Collector writes the rest of its file when it ends
  await collector.stop();
  const arrivals = arrivalsOf(await collector.records());
  assertAllReported(compare(t, [ledger], arrivals));
}

suite('while attacks go on, a Collector that', { skip: await whyNoSidecar() }, () => {
  test(`is away for ${CHAOS_SECONDS} s gets the records of all acts afterwards`, async t => {
    await using collector = await Collector.prepare();
    const pipeline = await running(t, collector);
    const attacker = Attacker.start(t);
    await collector.waitFor(records => records.length > 100);
    await collector.stop();
    await delay(CHAOS_SECONDS * 1_000);
    await collector.start();
    await settle(t, await attacker.stop(), pipeline, collector);
  });

  test(`is restarted every 2 s for ${CHAOS_SECONDS} s gets the records of all acts`, async t => {
    await using collector = await Collector.prepare();
    const pipeline = await running(t, collector);
    const attacker = Attacker.start(t);
    const end = performance.now() + CHAOS_SECONDS * 1_000;
    while (performance.now() < end) {
      await delay(2_000);
      await collector.stop();
      await collector.start();
    }
    await settle(t, await attacker.stop(), pipeline, collector);
  });

  test(`is frozen for ${CHAOS_SECONDS / 4} s gets the records of all acts afterwards`, async t => {
    await using collector = await Collector.prepare();
    const pipeline = await running(t, collector);
    const attacker = Attacker.start(t);
    await collector.waitFor(records => records.length > 100);
    collector.pause();
    await delay(CHAOS_SECONDS * 250);
    collector.resume();
    await settle(t, await attacker.stop(), pipeline, collector);
  });
});

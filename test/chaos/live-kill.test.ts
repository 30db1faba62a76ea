import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Collector } from '../e2e/collector-harness.ts';
import { whyNoSidecar } from '../e2e/requirements.ts';
import { arrivalsOf } from './arrivals.ts';
import { Attacker, type Ledger } from './attacker.ts';
import { assertAllReported, assertLossReported, compare } from './balance.ts';
import { LivePipeline } from './live-pipeline.ts';
import { CHAOS_SECONDS } from './seconds.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const KILLS = 20;

/** A sidecar whose programs stay in the kernel when it ends, until the end of the test. */
function pinned(
  t: TestContext,
  collector: Collector,
  environment: Record<string, string> = {},
): LivePipeline {
  const pinPath = `/sys/fs/bpf/memwarden-chaos-${process.pid}`;
  const settings = {
    MEMWARDEN_CAPTURE_PIN: 'true',
    MEMWARDEN_CAPTURE_PIN_PATH: pinPath,
    ...environment,
  };
  const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.grpcPort}`, settings);
  t.after(async () => {
    await pipeline.stop();
    execFileSync(process.execPath, [MAIN, 'detach'], { env: { ...process.env, ...settings }, stdio: 'pipe' });
    assert.ok(!existsSync(pinPath), 'something is still pinned');
  });
  return pipeline;
}

async function settle(t: TestContext, ledger: Ledger, pipeline: LivePipeline, collector: Collector) {
  await pipeline.caughtUp();
  // the Collector writes the rest of its file when it ends
  await collector.stop();
  return compare(t, [ledger], arrivalsOf(await collector.records()));
}

suite('a sidecar that', { skip: await whyNoSidecar() }, () => {
  for (const windowMillis of [0, 1_000]) {
    test(`is killed ${KILLS} times amid a storm loses nothing, with a window of ${windowMillis} ms`, async t => {
      await using collector = await Collector.prepare();
      await collector.start();
      const pipeline = pinned(t, collector, { MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: String(windowMillis) });
      await pipeline.start();
      const attacker = Attacker.start(t);
      for (let kill = 0; kill < KILLS; kill++) {
        await delay(100 + 37 * kill);
        await pipeline.kill();
        await pipeline.start();
      }
      const ledger = await attacker.stop();
      assertAllReported(await settle(t, ledger, pipeline, collector));
    });
  }

  test(`is down for ${CHAOS_SECONDS / 2} s reports all acts of that time`, async t => {
    await using collector = await Collector.prepare();
    await collector.start();
    const pipeline = pinned(t, collector);
    await pipeline.start();
    await pipeline.kill();
    const attacker = Attacker.start(t);
    await delay(CHAOS_SECONDS * 500);
    const ledger = await attacker.stop();
    await pipeline.start();
    assertAllReported(await settle(t, ledger, pipeline, collector));
  });

  test('is stopped, and started again after its ring buffer has overflowed, reports how much was lost', async t => {
    await using collector = await Collector.prepare();
    await collector.start();
    const pipeline = pinned(t, collector, {
      MEMWARDEN_CAPTURE_RING_BUFFER_BYTES: '65536',
      MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
    });
    await pipeline.start();
    const ledgers: Ledger[] = [];
    for (const end of [() => pipeline.stop(), () => pipeline.kill()]) {
      await end();
      const attacker = Attacker.start(t, { storm: 500 });
      await delay(2_000);
      ledgers.push(await attacker.stop());
      await pipeline.start();
      await pipeline.caughtUp();
    }
    await collector.stop();
    assertLossReported(t, compare(t, ledgers, arrivalsOf(await collector.records())));
  });
});

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { whyNotLive } from '../live/requirements.ts';
import { arrivalsIn } from './arrivals.ts';
import { Attacker } from './attacker.ts';
import { assertAllReported, assertLossReported, compare } from './balance.ts';
import { FaultyCollector } from './faulty-collector.ts';
import { LivePipeline } from './live-pipeline.ts';
import { CHAOS_SECONDS } from './seconds.ts';

const MIB = 1024 * 1024;

/** Most resident memory of the sidecar: docs/metrics.md, "Overload". */
const MEMORY_MIB = 384;

suite('a storm on the real kernel', { skip: whyNotLive() }, () => {
  test('keeps the accounts balanced, and every act is delivered', async t => {
    const collector = await FaultyCollector.start(t);
    const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`);
    await pipeline.start();
    const attackers = [Attacker.start(t), Attacker.start(t, { storm: 2_000 })];
    for (let i = 0; i < 20; i++) {
      await pipeline.metrics();
      await delay(200);
    }
    const ledgers = await Promise.all(attackers.map(attacker => attacker.stop()));
    const metrics = await pipeline.caughtUp();
    assert.equal(metrics['events_lost'], 0);
    assertAllReported(compare(t, ledgers, arrivalsIn(collector.requests)));
  });

  test('that overflows the ring buffer has every open reported or counted as lost', async t => {
    const collector = await FaultyCollector.start(t);
    const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`, {
      MEMWARDEN_CAPTURE_RING_BUFFER_BYTES: '65536',
      MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
    });
    await pipeline.start();
    const attacker = Attacker.start(t, { storm: 500 });
    for (let i = 0; i < 3; i++) {
      pipeline.sidecar.pause();
      await delay(1_000);
      pipeline.sidecar.resume();
      await delay(1_000);
    }
    const ledger = await attacker.stop();
    const metrics = await pipeline.caughtUp();
    const balance = compare(t, [ledger], arrivalsIn(collector.requests));
    assertLossReported(t, balance);
    assert.equal(metrics['events_lost'], balance.reportedLost);
  });

  test('that overflows the spool has LOW records evicted and HIGH ones delivered', async t => {
    const collector = await FaultyCollector.start(t);
    const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`, {
      MEMWARDEN_TELEMETRY_SPOOL_MAX_BYTES: '1048576',
      MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
    });
    await pipeline.start();
    collector.fail({ kind: 'status', code: status.UNAVAILABLE });
    const high = Attacker.start(t, { actsPerSecond: 50, storm: 1 });
    const low = Attacker.start(t, { actsPerSecond: 100, storm: 50, target: 'self' });
    await delay(6_000);
    const [highLedger, lowLedger] = await Promise.all([high.stop(), low.stop()]);
    collector.recover();
    const metrics = await pipeline.caughtUp();
    const arrivals = arrivalsIn(collector.requests);
    assert.equal(compare(t, [highLedger], arrivals).missing, 0);
    const { done, missing } = compare(t, [highLedger, lowLedger], arrivals);
    // with a window of 0 every open has its own record
    const others = Number(metrics['records_emitted']) - done;
    assertLossReported(t, { done, missing, others, reportedLost: Number(metrics['records_evicted']) });
  });

  test(`that goes on and on without a collector keeps the sidecar below ${MEMORY_MIB} MiB`, async t => {
    const collector = await FaultyCollector.start(t);
    collector.fail({ kind: 'silence' });
    const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`, {
      MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
      MEMWARDEN_TELEMETRY_SPOOL_MAX_BYTES: String(64 * 1024 * 1024),
    });
    await pipeline.start();
    const attackers = [Attacker.start(t, { storm: 20_000 }), Attacker.start(t, { storm: 1 })];
    let most = 0;
    let last = await pipeline.metrics();
    for (const end = performance.now() + CHAOS_SECONDS * 500; performance.now() < end; ) {
      last = await pipeline.metrics();
      most = Math.max(most, last['process_memory_usage'] ?? 0);
      await delay(200);
    }
    await Promise.all(attackers.map(attacker => attacker.stop()));
    const { events_captured: captured, events_lost: lost, records_evicted: evicted } = last;
    t.diagnostic(
      `${captured} events, ${lost} lost, ${evicted} records given up; at most ${Math.round(most / MIB)} MiB resident`,
    );
    assert.ok(most > 0 && most < MEMORY_MIB * MIB, `${most} bytes`);
  });
});

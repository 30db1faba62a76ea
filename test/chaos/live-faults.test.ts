import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { whyNotLive } from '../live/requirements.ts';
import { arrivalsIn } from './arrivals.ts';
import { Attacker } from './attacker.ts';
import { assertAllReported, compare } from './balance.ts';
import { FAULTS, REJECTS_TWO } from './faults.ts';
import { FaultyCollector } from './faulty-collector.ts';
import { HalfOpenProxy } from './half-open-proxy.ts';
import { LivePipeline } from './live-pipeline.ts';

suite('while attacks go on, a collector that', { skip: whyNotLive() }, () => {
  for (const [name, fault] of FAULTS) {
    test(`${name} gets the records of all acts once it has recovered`, async t => {
      const collector = await FaultyCollector.start(t);
      const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`);
      await pipeline.start();
      const attacker = Attacker.start(t);
      await collector.arrival();
      await collector.misbehave(fault, 5);
      await collector.arrival();
      const ledger = await attacker.stop();
      await pipeline.caughtUp();
      assertAllReported(compare(t, [ledger], arrivalsIn(collector.requests)));
    });
  }

  test('rejects a part of the records has them counted exactly', async t => {
    const collector = await FaultyCollector.start(t);
    const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`);
    await pipeline.start();
    const attacker = Attacker.start(t);
    await collector.arrival();
    await collector.misbehave(REJECTS_TWO, 5);
    const ledger = await attacker.stop();
    const metrics = await pipeline.caughtUp();
    // the test's server has recorded the rejected ones too, so that they can be compared
    assertAllReported(compare(t, [ledger], arrivalsIn(collector.requests)));
    assert.ok(Number(metrics['records_refused']) >= 5, `${metrics['records_refused']} refused`);
  });

  test('is behind half-open connections gets the records of all acts over new ones', async t => {
    const collector = await FaultyCollector.start(t);
    const proxy = await HalfOpenProxy.start(t, collector.port);
    const pipeline = new LivePipeline(t, `http://127.0.0.1:${proxy.port}`);
    await pipeline.start();
    const attacker = Attacker.start(t);
    for (let i = 0; i < 2; i++) {
      await collector.arrival();
      proxy.forget();
      await collector.arrival();
    }
    const ledger = await attacker.stop();
    await pipeline.caughtUp();
    assertAllReported(compare(t, [ledger], arrivalsIn(collector.requests)));
  });
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../temporary-directory.ts';
import { FAULTS, REJECTS_TWO } from './faults.ts';
import { FaultyCollector } from './faulty-collector.ts';
import { HalfOpenProxy } from './half-open-proxy.ts';
import { assertNothingLost, countEvents } from './ledger.ts';
import { Pipeline } from './pipeline.ts';

function startPipeline(t: TestContext, port: number): Pipeline {
  const directory = temporaryDirectory(t);
  const pipeline = new Pipeline({
    endpoint: `http://127.0.0.1:${port}`,
    directory,
    perRound: 10,
    roundMillis: 10,
  });
  t.after(() => pipeline.kill());
  pipeline.start();
  return pipeline;
}

for (const [name, fault] of FAULTS) {
  test(`a collector that ${name} gets every record once it has recovered`, async t => {
    const collector = await FaultyCollector.start(t);
    const pipeline = startPipeline(t, collector.port);
    await pipeline.advance(100);
    await collector.misbehave(fault, 5);
    await pipeline.advance(100);
    await pipeline.caughtUp();
    await pipeline.stop();
    assertNothingLost(t, pipeline.safe, countEvents(collector.taken));
  });
}

test('the records that a collector rejects by partial success are counted exactly', async t => {
  const collector = await FaultyCollector.start(t);
  const pipeline = startPipeline(t, collector.port);
  await pipeline.advance(100);
  await collector.misbehave(REJECTS_TWO, 5);
  await pipeline.advance(100);
  await pipeline.caughtUp();
  await pipeline.stop();
  assertNothingLost(t, pipeline.safe, countEvents(collector.taken));
  const { emitted, refused } = pipeline.stats;
  assert.equal(emitted, pipeline.safe);
  assert.ok(refused >= 10 && refused % 2 === 0, `${refused} refused`);
});

test('half-open connections are replaced by new ones, and nothing is lost', async t => {
  const collector = await FaultyCollector.start(t);
  const proxy = await HalfOpenProxy.start(t, collector.port);
  const pipeline = startPipeline(t, proxy.port);
  for (let i = 0; i < 2; i++) {
    await pipeline.advance(100);
    proxy.forget();
    await pipeline.advance(100);
    await pipeline.caughtUp();
  }
  await pipeline.stop();
  assertNothingLost(t, pipeline.safe, countEvents(collector.taken));
});

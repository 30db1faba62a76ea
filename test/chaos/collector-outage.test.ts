import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Collector } from '../e2e/collector-harness.ts';
import { whyNoCollector } from '../e2e/requirements.ts';
import { assertNothingLost, countEvents } from './ledger.ts';
import { Pipeline, type PipelineOptions } from './pipeline.ts';

/** Length of an outage, seconds. */
const SECONDS = Number(process.env['MEMWARDEN_CHAOS_SECONDS'] ?? 60);
const skip = await whyNoCollector();

function pipelineTo(t: TestContext, collector: Collector, fields: Partial<PipelineOptions> = {}): Pipeline {
  const directory = mkdtempSync(join(tmpdir(), 'memwarden-chaos-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const endpoint = `http://127.0.0.1:${collector.grpcPort}`;
  const pipeline = new Pipeline({ endpoint, directory, perRound: 5, roundMillis: 10, ...fields });
  t.after(() => pipeline.kill());
  return pipeline;
}

/** Waits until the backlog is gone, ends the pipeline and compares its events with the Collector's file. */
async function settle(t: TestContext, pipeline: Pipeline, collector: Collector): Promise<void> {
  await pipeline.caughtUp();
  await pipeline.stop();
  // The Collector writes its file to the end when it ends.
  await collector.stop();
  const records = await collector.records();
  const uids = records
    .map(({ attributes }) => attributes.get('log.record.uid')?.stringValue ?? '')
    .join('\n');
  assertNothingLost(t, pipeline.safe, countEvents(uids));
}

test(`a Collector that is away for ${SECONDS} s gets everything afterwards`, { skip }, async t => {
  await using collector = await Collector.prepare();
  await collector.start();
  const pipeline = pipelineTo(t, collector);
  pipeline.start();
  await pipeline.advance(200);
  await collector.stop();
  await delay(SECONDS * 1_000);
  await collector.start();
  await pipeline.advance(200);
  await settle(t, pipeline, collector);
});

test(`a Collector that is restarted every 2 s for ${SECONDS} s gets everything`, { skip }, async t => {
  await using collector = await Collector.prepare();
  await collector.start();
  const pipeline = pipelineTo(t, collector);
  pipeline.start();
  const end = performance.now() + SECONDS * 1_000;
  while (performance.now() < end) {
    await delay(2_000);
    await collector.stop();
    await collector.start();
  }
  await settle(t, pipeline, collector);
});

test(`a Collector that is frozen for ${SECONDS / 4} s and never answers gets everything afterwards`, {
  skip,
}, async t => {
  await using collector = await Collector.prepare();
  await collector.start();
  const pipeline = pipelineTo(t, collector);
  pipeline.start();
  await pipeline.advance(200);
  collector.pause();
  await delay(SECONDS * 250);
  collector.resume();
  await pipeline.advance(200);
  await settle(t, pipeline, collector);
});

test('a sidecar that is killed 20 times amid a storm loses nothing', { skip }, async t => {
  await using collector = await Collector.prepare();
  await collector.start();
  const pipeline = pipelineTo(t, collector, { perRound: 100 });
  for (let kill = 0; kill < 20; kill++) {
    pipeline.start();
    await pipeline.advance(500 + kill * 50);
    await pipeline.kill();
  }
  pipeline.start();
  await pipeline.advance(100);
  await settle(t, pipeline, collector);
});

test('a sidecar that is killed while the Collector is away delivers everything later', { skip }, async t => {
  await using collector = await Collector.prepare();
  const pipeline = pipelineTo(t, collector);
  for (let kill = 0; kill < 5; kill++) {
    pipeline.start();
    await pipeline.advance(300);
    await pipeline.kill();
  }
  await collector.start();
  pipeline.start();
  await pipeline.advance(100);
  await settle(t, pipeline, collector);
});

import assert from 'node:assert/strict';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { temporaryDirectory } from '../temporary-directory.ts';
import { buildBatch, drain, openSpool } from '../unit/telemetry/spool/spool-builder.ts';
import { DAMAGED_PLACES, damage, mountSmall } from './disk.ts';
import { FaultyCollector } from './faulty-collector.ts';
import { assertNothingLost, countEvents } from './ledger.ts';
import { Pipeline, type PipelineOptions } from './pipeline.ts';

const AWAY = { kind: 'status', code: status.UNAVAILABLE } as const;

function buildPipeline(t: TestContext, port: number, fields: Partial<PipelineOptions> = {}): Pipeline {
  const endpoint = `http://127.0.0.1:${port}`;
  const directory = fields.directory ?? temporaryDirectory(t);
  const pipeline = new Pipeline({ endpoint, perRound: 20, roundMillis: 5, ...fields, directory });
  t.after(() => pipeline.kill());
  return pipeline;
}

test('the pipeline waits while the disk is full, and nothing is lost once there is room', async t => {
  const directory = mountSmall(t);
  if (directory === undefined) return t.skip('mounting a small file system needs CAP_SYS_ADMIN');
  const collector = await FaultyCollector.start(t);
  const ballast = join(directory, 'ballast');
  writeFileSync(ballast, Buffer.alloc(1024 * 1024));
  const pipeline = buildPipeline(t, collector.port, { directory: join(directory, 'spool') });
  collector.fail(AWAY);
  pipeline.start();
  await pipeline.stuck();
  const pending = pipeline.safe;
  rmSync(ballast);
  collector.recover();
  await pipeline.advance(100);
  await pipeline.caughtUp();
  await pipeline.stop();
  assert.ok(pipeline.safe > pending);
  assertNothingLost(t, pipeline.safe, countEvents(collector.taken));
});

test('a spool that is replaced by an empty one on a full disk still has its checkpoint', t => {
  const directory = mountSmall(t);
  if (directory === undefined) return t.skip('mounting a small file system needs CAP_SYS_ADMIN');
  const spool = openSpool(join(directory, 'spool'));
  const entry = Uint8Array.of(1, 2, 3);
  spool.append([buildBatch('one', { bytes: 200_000 })], new Map([['reported', entry]]));
  const file = join(directory, 'spool', 'spool.db');
  const { ino } = statSync(file);
  assert.throws(() => writeFileSync(join(directory, 'ballast'), Buffer.alloc(2 * 1024 * 1024)), {
    code: 'ENOSPC',
  });
  assert.deepEqual(drain(spool), ['one']);
  assert.notEqual(statSync(file).ino, ino, 'the file is the same');
  assert.deepEqual([...spool.checkpoint], [['reported', entry]]);
  spool.close();
});

for (const [where, at] of DAMAGED_PLACES) {
  test(`a spool damaged at its ${where} while the sidecar is down: each record is delivered or counted`, async t => {
    const collector = await FaultyCollector.start(t);
    const directory = temporaryDirectory(t);
    const pipeline = buildPipeline(t, collector.port, { directory });
    collector.fail(AWAY);
    pipeline.start();
    await pipeline.advance(2_000);
    await pipeline.kill();

    damage(directory, at);
    collector.recover();
    pipeline.start();
    await pipeline.advance(100);
    await pipeline.caughtUp();
    await pipeline.stop();
    const arrived = countEvents(collector.taken);
    const { emitted, inherited, refused, evicted } = pipeline.stats;
    const lost = refused + evicted.corruption;
    assertNothingLost(t, pipeline.safe, arrived, lost);
    assert.ok(lost > 0, 'the damage did no harm');
    assert.ok(emitted + inherited >= pipeline.safe);
  });
}

test('a spool that is too small evicts the oldest records and counts each of them', async t => {
  const collector = await FaultyCollector.start(t);
  const pipeline = buildPipeline(t, collector.port, { spool: { maxBytes: 1_000_000 } });
  collector.fail(AWAY);
  pipeline.start();
  await pipeline.advance(3_000);
  collector.recover();
  await collector.arrival();
  await pipeline.caughtUp();
  await pipeline.stop();
  const { refused, evicted } = pipeline.stats;
  assert.ok(evicted.size > 0);
  assert.equal(refused, 0);
  assertNothingLost(t, pipeline.safe, countEvents(collector.taken), evicted.size);
});

test('a wall clock that is set back by an hour changes no uid and loses nothing', async t => {
  const collector = await FaultyCollector.start(t);
  const pipeline = buildPipeline(t, collector.port);
  collector.fail(AWAY);
  pipeline.start();
  await pipeline.advance(200);
  pipeline.setClockBack();
  await pipeline.advance(200);
  collector.recover();
  await pipeline.advance(200);
  await pipeline.caughtUp();
  await pipeline.stop();
  assertNothingLost(t, pipeline.safe, countEvents(collector.taken));
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { FaultyCollector } from './faulty-collector.ts';
import { assertNothingLost, countEvents } from './ledger.ts';
import { Pipeline, type PipelineOptions } from './pipeline.ts';

const AWAY = { kind: 'status', code: status.UNAVAILABLE } as const;

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'memwarden-chaos-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function buildPipeline(t: TestContext, port: number, fields: Partial<PipelineOptions> = {}): Pipeline {
  const endpoint = `http://127.0.0.1:${port}`;
  const directory = fields.directory ?? temporaryDirectory(t);
  const pipeline = new Pipeline({ endpoint, perRound: 20, roundMillis: 5, ...fields, directory });
  t.after(() => pipeline.kill());
  return pipeline;
}

/** A file system of 2 MiB, gone with the test; undefined where none may be mounted. */
function mountSmall(t: TestContext): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'memwarden-chaos-'));
  const tmpfs = ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'memwarden-chaos', directory];
  try {
    execFileSync('mount', tmpfs, { stdio: 'ignore' });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

test('a disk that is full holds the pipeline back, and nothing is lost once there is room', async t => {
  const directory = mountSmall(t);
  if (directory === undefined) return t.skip('mounting a small file system needs CAP_SYS_ADMIN');
  const collector = await FaultyCollector.start(t);
  const ballast = join(directory, 'ballast');
  writeFileSync(ballast, Buffer.alloc(1024 * 1024));
  const pipeline = buildPipeline(t, collector.port, { directory: join(directory, 'spool') });
  collector.fail(AWAY);
  pipeline.start();
  await pipeline.stuck();
  const held = pipeline.safe;
  rmSync(ballast);
  collector.recover();
  await pipeline.advance(100);
  await pipeline.caughtUp();
  await pipeline.stop();
  assert.ok(pipeline.safe > held);
  assertNothingLost(t, pipeline.safe, countEvents(collector.taken));
});

for (const [where, at] of [
  ['head', 0],
  ['middle', 0.5],
  ['tail', 1],
] as const) {
  test(`a spool damaged at its ${where} while the sidecar is down: delivered or counted, to the record`, async t => {
    const collector = await FaultyCollector.start(t);
    const directory = temporaryDirectory(t);
    const pipeline = buildPipeline(t, collector.port, { directory });
    collector.fail(AWAY);
    pipeline.start();
    await pipeline.advance(2_000);
    await pipeline.kill();

    const path = join(directory, 'spool.db');
    // A killed process leaves its records in the log; closing the file moves them to where the damage is.
    new DatabaseSync(path).exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const position = Math.max(0, Math.trunc(statSync(path).size * at) - 40_000);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(40_000, 0xa5), 0, 40_000, position);
    closeSync(file);

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

test('a spool that is too small gives up the oldest and counts each of them', async t => {
  const collector = await FaultyCollector.start(t);
  const pipeline = buildPipeline(t, collector.port, { spool: { maxBytes: 1_000_000 } });
  collector.fail(AWAY);
  pipeline.start();
  await pipeline.advance(3_000);
  collector.recover();
  await pipeline.caughtUp();
  await pipeline.stop();
  const { refused, evicted } = pipeline.stats;
  assert.ok(evicted.size > 0);
  assert.equal(refused, 0);
  assertNothingLost(t, pipeline.safe, countEvents(collector.taken), evicted.size);
});

test('a wall clock that is set back an hour changes no uid and loses nothing', async t => {
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

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { whyNotLive } from '../live/requirements.ts';
import { arrivalsIn } from './arrivals.ts';
import { Attacker } from './attacker.ts';
import { assertAllReported, compare } from './balance.ts';
import { DAMAGED_PLACES, damage, mountSmall } from './disk.ts';
import { FaultyCollector } from './faulty-collector.ts';
import { LivePipeline } from './live-pipeline.ts';

const AWAY = { kind: 'status', code: status.UNAVAILABLE } as const;

/** Starts attacks and waits until the sidecar has found its disk full; undefined without the right to mount a disk. */
async function attackOnFullDisk(t: TestContext) {
  const directory = mountSmall(t);
  if (directory === undefined) return undefined;
  const collector = await FaultyCollector.start(t);
  const ballast = join(directory, 'ballast');
  writeFileSync(ballast, Buffer.alloc(1024 * 1024));
  const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`, {
    MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: join(directory, 'spool'),
    MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
  });
  await pipeline.start();
  collector.fail(AWAY);
  const attacker = Attacker.start(t);
  await pipeline.sidecar.says(/failed to write to the spool .*the kernel keeps the events/);
  return { ballast, collector, pipeline, attacker };
}

suite('while attacks go on and the collector is away, a spool', { skip: whyNotLive() }, () => {
  test('on a full disk leaves the events in the ring buffer, and every act is reported once there is room', async t => {
    const full = await attackOnFullDisk(t);
    if (full === undefined) return t.skip('mounting a small file system needs CAP_SYS_ADMIN');
    const { ballast, collector, pipeline, attacker } = full;
    await delay(2_000);
    const ledger = await attacker.stop();
    rmSync(ballast);
    collector.recover();
    await pipeline.caughtUp();
    assertAllReported(compare(t, [ledger], arrivalsIn(collector.requests)));
  });

  test('on a full disk does not keep the sidecar from ending', async t => {
    const full = await attackOnFullDisk(t);
    if (full === undefined) return t.skip('mounting a small file system needs CAP_SYS_ADMIN');
    const { sidecar } = full.pipeline;
    await full.attacker.stop();
    // an exit code, so the sidecar ended by itself and was not killed after a timeout
    assert.ok(Number(await sidecar.stop()) > 0);
    assert.match(sidecar.diagnostics, /records could not be spooled before the end and are lost/);
  });

  for (const [where, at] of DAMAGED_PLACES) {
    test(`that is damaged at its ${where} while the sidecar is down: each act is reported or counted`, async t => {
      const collector = await FaultyCollector.start(t);
      const pipeline = new LivePipeline(t, `http://127.0.0.1:${collector.port}`, {
        MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
      });
      await pipeline.start();
      collector.fail(AWAY);
      const attacker = Attacker.start(t);
      await delay(5_000);
      const ledger = await attacker.stop();
      await pipeline.read();
      await pipeline.kill();
      damage(pipeline.spoolDirectory, at);
      collector.recover();
      await pipeline.start();
      const metrics = await pipeline.caughtUp();
      const { missing } = compare(t, [ledger], arrivalsIn(collector.requests));
      assert.ok(missing > 0, 'the damage did no harm');
      assert.equal(missing, Number(metrics['records_refused']) + Number(metrics['records_evicted']));
    });
  }
});

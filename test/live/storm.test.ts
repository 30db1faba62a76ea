import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildAttacks } from './attack.ts';
import { type ConsoleRecord, numberOf } from './console-record.ts';
import { testUnlessFlooded as test, watchLosses } from './foreign-loss.ts';
import { whyNotLive } from './requirements.ts';
import { Sidecar } from './sidecar.ts';

const STORM = fileURLToPath(new URL('../attacks/open_storm.py', import.meta.url));

/** Opens one victim's memory `count` times; returns the pid that did it. */
function storm(count: number): number {
  const act = JSON.parse(execFileSync('python3', [STORM, String(count)], { encoding: 'utf8' }));
  assert.equal(act.count, count);
  return act.actor_pid;
}

function repeats(record: ConsoleRecord): number {
  return numberOf(record, 'memwarden.repeat.count') ?? 0;
}

suite('a storm of repeats', { skip: whyNotLive() }, () => {
  test('is reported as a few records whose counts add up to the number of acts', async t => {
    buildAttacks();
    const sidecar = await Sidecar.start({ MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '1000' });
    watchLosses(t, sidecar);
    try {
      const actor = storm(20_000);
      const reported = () => sidecar.records.filter(record => numberOf(record, 'process.pid') === actor);
      // a record is one act, a summary as many as it counts
      const acts = () => reported().reduce((sum, record) => sum + (repeats(record) || 1), 0);
      await sidecar.waitForAll(() => acts() >= 20_000, 'reported of 20,000 acts');

      assert.equal(acts(), 20_000);
      assert.equal(reported().map(repeats)[0], 0);
      // two for each window of one second that the storm lasted; on a busy machine several
      assert.ok(reported().length < 200, `${reported().length} records`);
    } finally {
      await sidecar.stop();
    }
  });

  test('loses no count when the sidecar is stopped in its middle', async t => {
    const sidecar = await Sidecar.start({ MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '600000' });
    watchLosses(t, sidecar);
    const actor = storm(5_000);
    await sidecar.stop();
    const reported = sidecar.records.filter(record => numberOf(record, 'process.pid') === actor);

    assert.deepEqual(reported.map(repeats), [0, 4_999]);
  });

  test('is reported one by one when the window is 0', async t => {
    const sidecar = await Sidecar.start({ MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0' });
    watchLosses(t, sidecar);
    try {
      const actor = storm(300);
      await sidecar.fence();
      const reported = sidecar.records.filter(record => numberOf(record, 'process.pid') === actor);

      assert.equal(reported.length, 300);
      assert.ok(reported.every(record => repeats(record) === 0));
    } finally {
      await sidecar.stop();
    }
  });
});

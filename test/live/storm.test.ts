import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildAttacks } from './attack.ts';
import { type ConsoleRecord, numberOf } from './console-record.ts';
import { Sidecar } from './sidecar.ts';

const STORM = fileURLToPath(new URL('../attacks/open_storm.py', import.meta.url));
const notRoot = process.getuid?.() !== 0 && 'needs root: loading BPF programs is privileged';

/** Opens one victim's memory `count` times; returns the pid that did it. */
function storm(count: number): number {
  const act = JSON.parse(execFileSync('python3', [STORM, String(count)], { encoding: 'utf8' }));
  assert.equal(act.count, count);
  return act.actor_pid;
}

function repeats(record: ConsoleRecord): number {
  return numberOf(record, 'memwarden.repeat.count') ?? 0;
}

suite('a storm of one finding', { skip: notRoot }, () => {
  test('is told as its first record and one summary with the exact count of the rest', async () => {
    buildAttacks();
    const sidecar = await Sidecar.start({ MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '1000' });
    try {
      const actor = storm(20_000);
      const ofActor = (record: ConsoleRecord) => numberOf(record, 'process.pid') === actor;
      await sidecar.waitFor(record => ofActor(record) && repeats(record) > 0, 'told of the repetitions');

      assert.deepEqual(sidecar.records.filter(ofActor).map(repeats), [0, 19_999]);
    } finally {
      await sidecar.stop();
    }
  });

  test('loses no count when the sidecar is stopped in its middle', async () => {
    const sidecar = await Sidecar.start({ MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '600000' });
    const actor = storm(5_000);
    await sidecar.stop();
    const told = sidecar.records.filter(record => numberOf(record, 'process.pid') === actor);

    assert.deepEqual(told.map(repeats), [0, 4_999]);
  });

  test('is told one by one when the window is 0', async () => {
    const sidecar = await Sidecar.start({ MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0' });
    try {
      const actor = storm(300);
      await sidecar.fence();
      const told = sidecar.records.filter(record => numberOf(record, 'process.pid') === actor);

      assert.equal(told.length, 300);
      assert.ok(told.every(record => repeats(record) === 0));
    } finally {
      await sidecar.stop();
    }
  });
});

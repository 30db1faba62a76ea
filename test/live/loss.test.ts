import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildAttacks } from './attack.ts';
import { numberOf } from './console-record.ts';
import { whyNotLive } from './requirements.ts';
import { Sidecar } from './sidecar.ts';

const STORM = fileURLToPath(new URL('../attacks/open_storm.py', import.meta.url));
const OPENS = 5_000;

suite('a ring buffer that overflows', { skip: whyNotLive() }, () => {
  test('loses nothing silently: told and lost together are what the attacker did', async () => {
    buildAttacks();
    const sidecar = await Sidecar.start({
      MEMWARDEN_CAPTURE_RING_BUFFER_BYTES: '65536',
      MEMWARDEN_DETECT_EVENTS: 'default',
    });
    try {
      sidecar.pause();
      const act = JSON.parse(execFileSync('python3', [STORM, String(OPENS)], { encoding: 'utf8' }));
      sidecar.resume();
      const told = () =>
        sidecar.records.filter(record => numberOf(record, 'process.pid') === act.actor_pid).length;
      const lost = () =>
        sidecar.records.reduce((sum, record) => sum + (numberOf(record, 'memwarden.lost.count') ?? 0), 0);
      // no fence: with a buffer as small as this its own event may be among the lost
      await sidecar.waitFor(() => told() + lost() >= OPENS, `told of ${OPENS} opens`);

      assert.ok(told() > 0 && lost() > 0);
      assert.equal(told() + lost(), OPENS);
    } finally {
      sidecar.resume();
      await sidecar.stop();
    }
  });
});

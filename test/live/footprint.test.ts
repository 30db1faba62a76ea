import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { buildAttacks } from './attack.ts';
import { whyNotLive } from './requirements.ts';
import { Sidecar } from './sidecar.ts';

/** Resident pages of files, kB. */
function residentFiles({ pid }: Sidecar): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(status)?.[1]);
}

suite('a sidecar whose start is over', { skip: whyNotLive() }, () => {
  test('gives back the pages that only the start needed, and still reports an access', async () => {
    buildAttacks();
    const sidecar = await Sidecar.start({ OTEL_LOG_LEVEL: 'debug' });
    try {
      const atStart = residentFiles(sidecar);
      await sidecar.says(/gave back \d+ MB/);
      const afterwards = residentFiles(sidecar);

      assert.ok(afterwards < atStart, `${afterwards} kB of files are resident, ${atStart} kB at the start`);
      await sidecar.fence();
    } finally {
      await sidecar.stop();
    }
  });
});

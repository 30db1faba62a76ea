import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { buildAttacks } from '../live/attack.ts';
import { testUnlessFlooded, watchLosses } from '../live/foreign-loss.ts';
import { whyNotLive } from '../live/requirements.ts';
import { Sidecar } from '../live/sidecar.ts';
import { highRecordsOf, missingPrograms } from './observe.ts';
import { benignPrograms } from './programs.ts';

const CONTROL = new URL('../attacks/build/open_mem', import.meta.url).pathname;

describe('benign programs on a live kernel', { skip: whyNotLive() }, () => {
  let sidecar: Sidecar;

  before(async () => {
    buildAttacks();
    sidecar = await Sidecar.start();
    await sidecar.fence();
  });

  after(() => sidecar?.stop());

  testUnlessFlooded('an attack in their place is reported as HIGH', async t => {
    watchLosses(t, sidecar);
    const high = await highRecordsOf(sidecar, { name: 'control', command: [CONTROL], needs: [] });
    assert.deepEqual(
      high.map(({ eventName }) => eventName),
      ['proc_mem_access'],
    );
  });

  for (const program of benignPrograms) {
    test(`${program.name} is never reported as HIGH`, async t => {
      const missing = missingPrograms(program);
      if (missing.length > 0) return t.skip(`needs ${missing.join(', ')}`);
      const high = await highRecordsOf(sidecar, program);
      assert.deepEqual(
        high.map(({ body }) => body),
        [],
      );
    });
  }
});

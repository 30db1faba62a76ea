import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attack, buildAttacks, missingNeed } from './attack.ts';
import { whyNotLive } from './requirements.ts';
import { scenarios } from './scenarios.ts';
import { Sidecar } from './sidecar.ts';

describe('attacks on a live kernel', { skip: whyNotLive() }, () => {
  let sidecar: Sidecar;

  before(async () => {
    buildAttacks();
    sidecar = await Sidecar.start();
    await sidecar.fence();
  });

  after(async () => {
    assert.equal(await sidecar?.stop(), 0, 'the sidecar ends well on SIGTERM');
  });

  for (const scenario of scenarios) {
    const outcome =
      scenario.expect.length === 0
        ? 'raises nothing'
        : `is reported as ${scenario.expect.map(({ id, eventName }) => id ?? eventName).join(' and ')} with the right target and outcome`;
    test(`${scenario.name} ${outcome}`, async t => {
      const missing = missingNeed(scenario);
      if (missing !== undefined) return t.skip(missing);
      const { status, reasons } = await attack(scenario, sidecar);
      if (status === 'skip') return t.skip(reasons.join('; '));
      if (status === 'limit') return t.skip(`kernel limit: ${reasons.join('; ')}`);
      assert.deepEqual(reasons, []);
    });
  }
});

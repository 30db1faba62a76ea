import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseGroundTruth } from './act.ts';
import { buildAttacks } from './attack.ts';
import { numberOf } from './console-record.ts';
import { judge } from './judge.ts';
import { whyNotLive } from './requirements.ts';
import { scenarios } from './scenarios.ts';
import { Sidecar } from './sidecar.ts';

const BUILD = fileURLToPath(new URL('../attacks/build/', import.meta.url));
/** Many more events than a buffer of 64 KiB takes, of several kinds. */
const FOREIGN_EVENTS = 2_000;

suite('beside another process that fills the ring buffer', { skip: whyNotLive() }, () => {
  test('an attack whose event found no room is a limit that says how many were lost, and the next is seen', async () => {
    buildAttacks();
    const scenario = scenarios.find(({ name }) => name === 'read of another process');
    assert.ok(scenario);
    const [program, ...words] = scenario.command;
    const run = () => parseGroundTruth(execFileSync(`${BUILD}${program}`, words, { encoding: 'utf8' }));
    const sidecar = await Sidecar.start({ MEMWARDEN_CAPTURE_RING_BUFFER_BYTES: '65536' });
    try {
      sidecar.pause();
      const flood = execFileSync(`${BUILD}flood`, ['20000', '10', String(FOREIGN_EVENTS)], {
        encoding: 'utf8',
      });
      assert.equal(JSON.parse(flood.split('\n').at(-2) ?? '').events, FOREIGN_EVENTS);
      const unseen = run();
      sidecar.resume();
      await sidecar.lossSince(0);
      await sidecar.fence();
      const { records, lost } = sidecar;
      assert.ok(lost > 0);
      assert.ok(!records.some(record => numberOf(record, 'process.pid') === unseen.acts[0]?.actor_pid));
      const hook = sidecar.hooks[scenario.capability];
      const { status, reasons } = judge(scenario, { truth: unseen, records, hook, lost });
      assert.equal(status, 'limit');
      assert.match(reasons.join(), new RegExp(`^${lost} events were lost`));

      const seen = run();
      await sidecar.fence();
      assert.deepEqual(judge(scenario, { truth: seen, records: sidecar.records, hook }).reasons, []);
    } finally {
      sidecar.resume();
      await sidecar.stop();
    }
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const VM = fileURLToPath(new URL('../vm/run.ts', import.meta.url));
const GUEST = 'cd /repo && node --test test/chaos/clock-back.guest.ts';

/** Other programs of this machine use its clock too, so the test sets that of a virtual machine. */
test('a sidecar in a virtual machine whose clock is set back by an hour loses and duplicates nothing', t => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [VM, '--kernel', '6.12', '--timeout', '170', '--exec', GUEST],
    { encoding: 'utf8' },
  );
  const unavailable = /needs (.*)|failed to (?:find|fetch|install) .*/.exec(stderr);
  if (unavailable !== null) return t.skip(unavailable[0]);
  assert.match(stdout, /^ℹ pass 1$/m, `${stdout}\n${stderr}`);
  assert.match(stdout, /^ℹ fail 0$/m);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { survivors } from '../runner/survivors.ts';

const DEMO = fileURLToPath(new URL('../../scripts/demo.sh', import.meta.url));

function bpfMounts(): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(' - bpf '));
}

// Regression: $! of a shell function in the background is the pid of a subshell, so the kill at the end hit that subshell
// and left the sidecar running.
it("README's first command shows its own act, ends with 0, and leaves no process and no mount behind", t => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to load BPF programs');
  const mounted = bpfMounts();
  const marker = `MEMWARDEN_TEST_DEMO_${randomUUID().replaceAll('-', '_')}`;
  const { status, stdout, stderr } = spawnSync('sh', [DEMO, '--once'], {
    encoding: 'utf8',
    env: { ...process.env, [marker]: '1' },
    timeout: 180_000,
  });
  assert.equal(status, 0, stderr);
  const [, shell, sleep] =
    /\(\$\$ is (\d+)\) opens the memory of its child sleep \(\$! is (\d+)\)/.exec(stderr) ?? [];
  const { attributes } = JSON.parse(stdout);
  assert.equal(attributes.pid, Number(shell));
  assert.equal(attributes.target_pid, Number(sleep));
  assert.equal(attributes['security_rule.uuid'], 'TRC-1023');
  assert.equal(attributes['memwarden.target.process.executable.name'], 'sleep');
  assert.deepEqual(survivors(marker), []);
  assert.deepEqual(bpfMounts(), mounted);
});

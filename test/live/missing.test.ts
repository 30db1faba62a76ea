/** A start without something that it needs: regressions, each ended in a stack trace with status 1 or in useless advice. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { whyNotLive } from './requirements.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const BTF = '/sys/kernel/btf/vmlinux';

/** In a mount namespace of its own. @param preparation shell commands before the start */
async function memwarden(preparation: string, ...words: string[]) {
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--propagation=private', 'sh', '-ec', `${preparation}; exec "$@"`, 'start'],
      ...[process.execPath, MAIN, ...words],
    ],
    // one that starts in spite of it would not end by itself
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 },
  );
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { status, stdout, stderr };
}

const RUN = ['run', '--exporter', 'console', '--set', 'health.enabled=false'];

suite('a machine that hides what the sidecar needs', { skip: whyNotLive(), concurrency: 2 }, () => {
  for (const [what, preparation, message, advice, ...settings] of [
    ['/sys', 'mount -t tmpfs none /sys', /type information/, /mount -t sysfs/],
    [
      'the number of CPUs',
      'mount -t tmpfs none /sys/devices/system/cpu',
      /count the CPUs.*\/sys\/devices\/system\/cpu\/possible: ENOENT/,
      /mount -t sysfs/,
    ],
    [
      '/sys, with type information elsewhere',
      `mount -t tmpfs none /mnt; cp ${BTF} /mnt/vmlinux; mount -t tmpfs none /sys`,
      /count the CPUs/,
      /mount -t sysfs/,
      ...['--set', 'capture.btfPath=/mnt/vmlinux'],
    ],
    ['/proc', 'mount -t tmpfs none /proc', /read \/proc\/self\/status: ENOENT/, /mount -t proc/],
    ['descriptors', 'ulimit -n 40', /40 open files, and 512 are needed/, /ulimit -n 512/],
    ['some descriptors', 'ulimit -n 70', /70 open files, and 512 are needed/, /LimitNOFILE=512/],
  ] as const) {
    test(`ends the start without ${what}: status 3, what is missing, what to do, and no stack trace`, async () => {
      const { status, stderr } = await memwarden(preparation, ...RUN, ...settings);
      assert.equal(status, 3, stderr);
      assert.match(stderr, message);
      assert.match(stderr, advice);
      assert.doesNotMatch(stderr, /^\s+at |unexpectedly/m);
    });

    test(`lets doctor report what else there is without ${what}`, async () => {
      const { status, stdout, stderr } = await memwarden(preparation, 'doctor', '--json');
      assert.equal(status, 3, stderr);
      const checks: { name: string; status: string }[] = JSON.parse(stdout);
      assert.ok(checks.some(check => check.status === 'failed' && check.name !== 'collector'));
      assert.ok(checks.some(check => check.status === 'ok'));
    });
  }
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { settings } from '../../src/config/index.ts';
import { MAIN } from '../unit/cli/cli.ts';
import { whyNotLive } from './requirements.ts';

const HANG_MILLIS = 60_000;

describe('the BPF object and the BTF file', { skip: whyNotLive() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'memwarden-object-'));
  after(() => rmSync(folder, { recursive: true }));

  const run = (setting: string) =>
    spawnSync(
      process.execPath,
      [MAIN, 'run', '--exporter', 'none', '--set', 'health.enabled=false', '--set', setting],
      { encoding: 'utf8', env: { PATH: process.env['PATH'] }, timeout: HANG_MILLIS },
    );

  test('an object that other users can write is refused', () => {
    const path = join(folder, 'object.bpf.o');
    copyFileSync(String(settings.get('capture.objectPath')?.default), path);
    chmodSync(path, 0o666);
    const { status, stderr } = run(`capture.objectPath=${path}`);
    assert.equal(status, 3, stderr);
    assert.match(stderr, /failed to open the BPF object .*: its mode is 0666/);
    assert.match(stderr, /^try: chmod go-w /m);
  });

  for (const setting of ['capture.objectPath', 'capture.btfPath']) {
    test(`a FIFO as ${setting} is refused without waiting`, () => {
      const path = join(folder, setting);
      spawnSync('mkfifo', [path]);
      const { status, stderr } = run(`${setting}=${path}`);
      assert.equal(status, 3, stderr);
      assert.match(stderr, /it is a FIFO, not a regular file/);
    });
  }
});

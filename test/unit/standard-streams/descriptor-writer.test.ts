import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DescriptorWriter } from '../../../src/standard-streams/descriptor-writer.ts';

/** Of a pipe, with room for 64 KiB, that nobody reads. */
function idlePipe(t: TestContext): number {
  const directory = mkdtempSync(join(tmpdir(), 'memwarden-writer-'));
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR);
  t.after(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return fd;
}

// Symptom: a sidecar with the console exporter and a slow reader ended with 13 on SIGTERM. Cause: a write that came after the
// others had been given up waited for one of them, for ever.
test('what is written after the rest was given up is given up at once', { timeout: 30_000 }, async t => {
  const writer = new DescriptorWriter(idlePipe(t));
  const before = writer.write(Buffer.alloc(1024 * 1024));
  writer.abandon();
  assert.equal((await before).error?.code, 'ETIMEDOUT');
  const after = await writer.write(Buffer.from('more'));
  assert.deepEqual([after.bytes, after.error?.code], [0, 'ETIMEDOUT']);
});

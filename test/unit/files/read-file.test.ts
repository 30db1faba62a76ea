import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileRefusal } from '../../../src/files/file-refusal.ts';
import { readFile } from '../../../src/files/read-file.ts';

const RULES = { maxBytes: 1000, trusted: true } as const;
const SOMEBODY = 12_345;
const notRoot = process.geteuid?.() === 0 ? false : 'only root can give a file to somebody else';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'memwarden-files-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function fileIn(path: string, mode = 0o644): string {
  const file = join(path, 'file');
  writeFileSync(file, 'content');
  chmodSync(file, mode);
  return file;
}

function refused(path: string, said: RegExp, rules: Parameters<typeof readFile>[1] = RULES): void {
  assert.throws(
    () => readFile(path, rules),
    (error: unknown) => {
      assert.ok(error instanceof FileRefusal, String(error));
      assert.match(error.message, said);
      assert.notEqual(error.hint, '');
      return true;
    },
  );
}

test('a file is read whole, also one of procfs, which has no size', t => {
  assert.equal(readFile(fileIn(folder(t)), RULES).bytes.toString(), 'content');
  const bootId = readFile('/proc/sys/kernel/random/boot_id', RULES).bytes.toString();
  assert.match(bootId, /^[0-9a-f-]{36}\n$/);
});

test('links to it are followed, as Kubernetes mounts secrets', t => {
  const mount = folder(t);
  mkdirSync(join(mount, '..2026_11_25'));
  writeFileSync(join(mount, '..2026_11_25', 'token'), 'content', { mode: 0o400 });
  symlinkSync('..2026_11_25', join(mount, '..data'));
  symlinkSync('..data/token', join(mount, 'token'));
  assert.equal(readFile(join(mount, 'token'), RULES).bytes.toString(), 'content');
});

test('nothing but a regular file is read, nor waited for', async t => {
  const at = folder(t);
  execFileSync('mkfifo', [join(at, 'fifo')]);
  symlinkSync('fifo', join(at, 'link'));
  const server = createServer().listen(join(at, 'socket'));
  t.after(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  refused(join(at, 'fifo'), /it is a FIFO/);
  refused(join(at, 'link'), /it is a FIFO/);
  refused(join(at, 'socket'), /it is a socket/);
  refused('/dev/zero', /it is a device/);
  refused(at, /EISDIR: it is a directory/);
});

test('a file that is too large is refused by its size, and one without a size by what comes', t => {
  const at = folder(t);
  const file = openSync(join(at, 'sparse'), 'w');
  ftruncateSync(file, 2 ** 40);
  closeSync(file);
  refused(join(at, 'sparse'), /it has 1099511627776 bytes, and at most 1000 are read/);
  refused('/proc/kallsyms', /it has more than 1000 bytes/);
});

test('a file that decides something is used only if no other user can write to it', t => {
  const at = folder(t);
  refused(fileIn(at, 0o646), /its mode is 0646: users other than its owner, \d+, may write it/);
  refused(fileIn(at, 0o664), /its mode is 0664/);
  assert.equal(readFile(fileIn(at, 0o646), { ...RULES, trusted: false }).bytes.toString(), 'content');
});

test('the file of another user is not used, but one of a private group is', {
  skip: notRoot,
}, t => {
  const at = folder(t);
  const file = fileIn(at);
  chownSync(file, SOMEBODY, SOMEBODY);
  refused(file, /it belongs to user 12345, who is neither root nor user 0/);
  symlinkSync('file', join(at, 'link'));
  refused(join(at, 'link'), /it belongs to user 12345/);
  // sudo(8) says by whom it was called; umask 002 is usual where each user has a group
  process.env['SUDO_UID'] = String(SOMEBODY);
  t.after(() => {
    delete process.env['SUDO_UID'];
  });
  assert.equal(readFile(file, RULES).bytes.toString(), 'content');
  chmodSync(file, 0o664);
  assert.equal(readFile(file, RULES).bytes.toString(), 'content');
  chownSync(file, SOMEBODY, 100);
  refused(file, /its mode is 0664/);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileRefusal } from '../../../src/files/file-refusal.ts';
import { assertOwnDirectory } from '../../../src/files/own-directory.ts';
import { openOwnFile } from '../../../src/files/own-file.ts';

const SOMEBODY = 12_345;
const notRoot = process.geteuid?.() === 0 ? false : 'only root can give a file to somebody else';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'memwarden-files-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function refused(act: () => unknown, said: RegExp): void {
  assert.throws(act, (error: unknown) => {
    assert.ok(error instanceof FileRefusal, String(error));
    assert.match(error.message, said);
    assert.notEqual(error.hint, '');
    return true;
  });
}

test('an own file is made for its owner alone, and made so where others could read it', t => {
  const path = join(folder(t), 'file');
  closeSync(openOwnFile(path));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  chmodSync(path, 0o644);
  closeSync(openOwnFile(path));
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('nothing is written, made or changed through a link, and nothing but a file is opened', t => {
  const at = folder(t);
  const elsewhere = join(at, 'elsewhere');
  writeFileSync(elsewhere, 'content');
  chmodSync(elsewhere, 0o640);
  symlinkSync('elsewhere', join(at, 'link'));
  symlinkSync('nothing', join(at, 'dangling'));
  linkSync(elsewhere, join(at, 'hard'));
  execFileSync('mkfifo', [join(at, 'fifo')]);
  mkdirSync(join(at, 'directory'));
  refused(() => openOwnFile(join(at, 'link')), /link is a symbolic link, made by user \d+/);
  refused(() => openOwnFile(join(at, 'dangling')), /dangling is a symbolic link/);
  refused(() => openOwnFile(join(at, 'hard')), /hard has 2 names/);
  refused(() => openOwnFile(join(at, 'fifo')), /fifo is a FIFO of user \d+, not a regular file/);
  refused(() => openOwnFile(join(at, 'directory')), /directory is a directory of user/);
  assert.equal(existsSync(join(at, 'nothing')), false);
  assert.equal(readFileSync(elsewhere, 'utf8'), 'content');
  assert.equal(statSync(elsewhere).mode & 0o777, 0o640);
});

test('a file that others can write to is refused', t => {
  const path = join(folder(t), 'file');
  writeFileSync(path, '');
  chmodSync(path, 0o666);
  refused(() => openOwnFile(path), /file has mode 0666: users other than its owner/);
});

test('a file of another user is refused', { skip: notRoot }, t => {
  const path = join(folder(t), 'file');
  writeFileSync(path, '');
  chownSync(path, SOMEBODY, SOMEBODY);
  refused(() => openOwnFile(path), /file belongs to user 12345, and this runs as user 0/);
});

test('a folder is made with those above it, for its owner alone, whatever the umask', t => {
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const path = join(folder(t), 'a', 'b', 'spool');
  assertOwnDirectory(path, true);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o755);
  assertOwnDirectory(path, true);
});

test('a folder of somebody else is not used', { skip: notRoot }, t => {
  const at = folder(t);
  chownSync(at, SOMEBODY, SOMEBODY);
  refused(() => assertOwnDirectory(at, true), /it belongs to user 12345, and this runs as user 0/);
});

test('a folder that others can write to is refused, and stays as it is', t => {
  const at = folder(t);
  for (const mode of [0o777, 0o1777, 0o770, 0o702]) {
    chmodSync(at, mode);
    refused(() => assertOwnDirectory(at, true), /its mode is [01]7\d\d: others could put files/);
    assert.equal(statSync(at).mode & 0o7777, mode);
  }
  chmodSync(at, 0o755);
  assertOwnDirectory(at, true);
});

test('a link in the path is followed only in a folder to which no other user can write', t => {
  const at = folder(t);
  mkdirSync(join(at, 'real'), { mode: 0o700 });
  mkdirSync(join(at, 'x'));
  symlinkSync('./x/../real', join(at, 'relative'));
  symlinkSync(join(at, 'real'), join(at, 'absolute'));
  symlinkSync('loop', join(at, 'loop'));
  assertOwnDirectory(join(at, 'relative', 'spool'), true);
  assertOwnDirectory(join(at, 'absolute', 'spool'), false);
  refused(() => assertOwnDirectory(join(at, 'loop'), true), /ELOOP/);
  chmodSync(at, 0o1777);
  refused(
    () => assertOwnDirectory(join(at, 'absolute', 'other'), true),
    /absolute in .* is a symbolic link of user/,
  );
  assert.equal(existsSync(join(at, 'real', 'other')), false);
});

test('a link of another user is not followed', { skip: notRoot }, t => {
  const at = folder(t);
  mkdirSync(join(at, 'real'), { mode: 0o700 });
  symlinkSync('real', join(at, 'link'));
  execFileSync('chown', ['--no-dereference', String(SOMEBODY), join(at, 'link')]);
  refused(
    () => assertOwnDirectory(join(at, 'link', 'spool'), true),
    /link in .* is a symbolic link of user 12345/,
  );
  assert.equal(existsSync(join(at, 'real', 'spool')), false);
});

test('the error for a path that does not exist names that path', t => {
  const at = folder(t);
  writeFileSync(join(at, 'file'), '');
  assert.throws(
    () => assertOwnDirectory(join(at, 'file', 'spool'), true),
    /ENOTDIR.* 'file' on the way to .*file\/spool/,
  );
  assert.throws(() => assertOwnDirectory(join(at, 'none'), false), /ENOENT.* 'none' on the way to/);
});

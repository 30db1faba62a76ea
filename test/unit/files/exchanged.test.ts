import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileRefusal } from '../../../src/files/file-refusal.ts';
import { assertOwnDirectory } from '../../../src/files/own-directory.ts';
import { assertSameFile, openOwnFile } from '../../../src/files/own-file.ts';
import { readFile } from '../../../src/files/read-file.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { afterCall } from '../after-call.ts';

function refused(act: () => unknown, said: RegExp): void {
  assert.throws(act, (error: unknown) => error instanceof FileRefusal && said.test(error.message));
}

test('a link that is put in the place of an own file after the look at it is not followed', t => {
  const at = temporaryDirectory(t);
  const path = join(at, 'file');
  afterCall(t, 'lstatSync', '/file', () => symlinkSync('elsewhere', path));
  assert.throws(() => openOwnFile(path), { code: 'ELOOP' });
  assert.equal(existsSync(join(at, 'elsewhere')), false);
});

test('a second name of another file that comes after the look is not taken for an own file', t => {
  const at = temporaryDirectory(t);
  const path = join(at, 'file');
  const elsewhere = join(at, 'elsewhere');
  writeFileSync(elsewhere, 'content');
  chmodSync(elsewhere, 0o640);
  afterCall(t, 'lstatSync', '/file', () => linkSync(elsewhere, path));
  refused(() => openOwnFile(path), /file has 2 names/);
  assert.equal(statSync(elsewhere).mode & 0o777, 0o640);
  assert.equal(readFileSync(elsewhere, 'utf8'), 'content');
});

test('a new file is for its owner alone from the start, whatever the umask', t => {
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const path = join(temporaryDirectory(t), 'file');
  const modes: number[] = [];
  afterCall(t, 'openSync', '/file', () => modes.push(statSync(path).mode & 0o777));
  closeSync(openOwnFile(path));
  assert.deepEqual(modes, [0o600]);
});

test('a file that has taken the place of the one that was opened is noticed', t => {
  const at = temporaryDirectory(t);
  const path = join(at, 'file');
  writeFileSync(path, 'content');
  const opened = statSync(path);
  assertSameFile(path, opened);
  writeFileSync(join(at, 'other'), 'content');
  renameSync(join(at, 'other'), path);
  refused(() => assertSameFile(path, opened), /file was replaced while it was opened/);
});

test('a link that takes the place of a folder on the way after the look at it is not followed', t => {
  const at = temporaryDirectory(t);
  const path = join(at, 'spool');
  mkdirSync(path, { mode: 0o700 });
  mkdirSync(join(at, 'elsewhere'), { mode: 0o700 });
  afterCall(t, 'lstatSync', '/spool', () => {
    rmSync(path, { recursive: true });
    symlinkSync('elsewhere', path);
  });
  assert.throws(() => assertOwnDirectory(path, true), /ENOTDIR.* 'spool' on the way to/);
});

test('a FIFO that takes the place of a file after the look at it is neither read nor waited for', t => {
  const path = join(temporaryDirectory(t), 'file');
  writeFileSync(path, 'content');
  afterCall(t, 'statSync', '/file', () => {
    rmSync(path);
    execFileSync('mkfifo', [path]);
  });
  refused(() => readFile(path, { maxBytes: 1_000, trusted: true }), /it is a FIFO/);
});

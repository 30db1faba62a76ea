import assert from 'node:assert/strict';
import { readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openOwnDatabase } from '../../../../src/telemetry/spool/own-database.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { afterCall } from '../../after-call.ts';

test('a link in the place of one of the other files of a database is refused', t => {
  const at = temporaryDirectory(t);
  writeFileSync(join(at, 'elsewhere'), 'content');
  for (const suffix of ['-wal', '-shm', '-journal']) {
    const path = join(at, `with${suffix}.db`);
    symlinkSync('elsewhere', path + suffix);
    assert.throws(() => openOwnDatabase(path, 0), {
      name: 'FileRefusal',
      message: /is a symbolic link, made by user/,
    });
  }
  assert.equal(readFileSync(join(at, 'elsewhere'), 'utf8'), 'content');
});

test('a file that takes the place of the database before SQLite opens it is refused', t => {
  const at = temporaryDirectory(t);
  const path = join(at, 'spool.db');
  writeFileSync(join(at, 'other'), '', { mode: 0o600 });
  afterCall(t, 'openSync', '/spool.db', () => renameSync(join(at, 'other'), path));
  assert.throws(() => openOwnDatabase(path, 0), {
    name: 'FileRefusal',
    message: /was replaced while it was opened/,
  });
});

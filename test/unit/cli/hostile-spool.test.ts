import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
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
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, beforeEach, describe, test } from 'node:test';
import { memwarden, type Outcome } from './cli.ts';

const SOMEBODY = 12_345;
const notRoot = process.geteuid?.() === 0 ? false : 'only root can give a file to somebody else';

const folder = mkdtempSync(join(tmpdir(), 'memwarden-hostile-'));
after(() => rmSync(folder, { recursive: true }));

const spool = join(folder, 'spool');
/** The file that an attacker would have us write to. */
const elsewhere = join(folder, 'elsewhere');

beforeEach(() => {
  rmSync(spool, { recursive: true, force: true });
  rmSync(elsewhere, { recursive: true, force: true });
  mkdirSync(spool, { mode: 0o700 });
  writeFileSync(elsewhere, 'content of somebody else\n');
  chmodSync(elsewhere, 0o644);
});

function drain(): Outcome {
  const place = `telemetry.spool.directory=${spool}`;
  return memwarden(['spool', 'drain', '--endpoint', 'http://127.0.0.1:1', '--deadline', '1', '--set', place]);
}

function status(): Outcome {
  return memwarden(['spool', 'status', '--set', `telemetry.spool.directory=${spool}`]);
}

/** Refused with the reason, and the attacker's target is unchanged: content, mode and neighbours. */
function assertRefused({ status, stderr }: Outcome, said: RegExp): void {
  assert.equal(status, 1, stderr);
  assert.match(stderr.replaceAll(/\s+/g, ' '), said);
  assert.match(stderr, /^try: /m);
  assert.doesNotMatch(stderr, /unexpectedly/);
  assert.equal(readFileSync(elsewhere, 'utf8'), 'content of somebody else\n');
  assert.equal(statSync(elsewhere).mode & 0o777, 0o644);
  for (const suffix of ['-wal', '-shm', '-journal'])
    assert.equal(existsSync(elsewhere + suffix), false, suffix);
}

const NAMES = [
  'spool.db',
  'spool.db-wal',
  'spool.db-shm',
  'spool.db-journal',
  'owner.lock',
  'owner.lock-journal',
  'totals.json',
];

describe('a spool changes no other file when its folder has', () => {
  for (const name of NAMES) {
    test(`a link as ${name}`, () => {
      symlinkSync(elsewhere, join(spool, name));
      assertRefused(drain(), new RegExp(`${name} is a symbolic link, made by user`));
    });
  }

  test('a link to nothing', () => {
    symlinkSync(join(folder, 'nothing'), join(spool, 'spool.db'));
    assertRefused(drain(), /spool\.db is a symbolic link/);
    assert.equal(existsSync(join(folder, 'nothing')), false);
  });

  test('a link to the database of another user', () => {
    const other = join(folder, 'other.db');
    const database = new DatabaseSync(other);
    database.exec('CREATE TABLE theirs (x)');
    database.close();
    const before = readFileSync(other);
    symlinkSync(other, join(spool, 'spool.db'));
    assertRefused(drain(), /spool\.db is a symbolic link/);
    assertRefused(status(), /spool\.db is a symbolic link/);
    assert.deepEqual(readFileSync(other), before);
  });

  for (const name of ['spool.db', 'totals.json', 'owner.lock']) {
    test(`a FIFO as ${name}`, () => {
      execFileSync('mkfifo', [join(spool, name)]);
      assertRefused(drain(), new RegExp(`${name} is a FIFO of user`));
    });

    test(`a hard link as ${name}`, () => {
      linkSync(elsewhere, join(spool, name));
      assertRefused(drain(), new RegExp(`${name} has 2 names`));
    });

    test(`a file of somebody else as ${name}`, { skip: notRoot }, () => {
      writeFileSync(join(spool, name), '');
      chownSync(join(spool, name), SOMEBODY, SOMEBODY);
      assertRefused(drain(), new RegExp(`${name} belongs to user ${SOMEBODY}, and this runs as user 0`));
    });
  }
});

test('a spool whose folder others can write to is not used, nor changed', () => {
  for (const mode of [0o777, 0o1777]) {
    chmodSync(spool, mode);
    assertRefused(drain(), /its mode is [01]777: others could put files and links into it/);
    assert.equal(statSync(spool).mode & 0o7777, mode);
  }
});

test('a spool in the folder of another user is not used', { skip: notRoot }, () => {
  chownSync(spool, SOMEBODY, SOMEBODY);
  assertRefused(drain(), /it belongs to user 12345, and this runs as user 0/);
});

test('a spool is not made through a link in a folder that others can write to', () => {
  const shared = join(folder, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  mkdirSync(join(folder, 'victim'));
  symlinkSync(join(folder, 'victim'), join(shared, 'link'));
  const place = `telemetry.spool.directory=${join(shared, 'link', 'spool')}`;
  const outcome = memwarden(['spool', 'drain', '--endpoint', 'http://127.0.0.1:1', '--set', place]);
  assertRefused(outcome, /link in .* is a symbolic link of user/);
  assert.equal(existsSync(join(folder, 'victim', 'spool')), false);
});

test('a spool of its own is used, also through a link of the administrator', () => {
  assert.equal(drain().status, 0);
  assert.equal(status().status, 0);
  symlinkSync(spool, join(folder, 'by-link'));
  const place = `telemetry.spool.directory=${join(folder, 'by-link')}`;
  assert.equal(memwarden(['spool', 'status', '--set', place]).status, 0);
});

import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { databasePathOf } from '../../../../src/telemetry/spool/spool-directory.ts';
import { waitingOf } from '../../../../src/telemetry/spool/totals.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { BOOT_ID, buildBatch, drain, LIMITS, openSpool } from './spool-builder.ts';

/** sqlite.org/pragma.html#pragma_synchronous: in WAL mode only FULL waits for the disk before a commit returns. */
const NORMAL = 1;
const FULL = 2;

/** Records the value of `synchronous` at each commit from now on. */
function commits(t: TestContext): number[] {
  const levels: number[] = [];
  const exec = DatabaseSync.prototype.exec;
  t.mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql: string): void {
    if (sql === 'COMMIT') levels.push(Number(this.prepare('PRAGMA synchronous').get()?.['synchronous']));
    exec.call(this, sql);
  });
  return levels;
}

/** Changes the totals file; as after a kill it is not marked as closed. */
function testify(directory: string, change: object): void {
  const path = join(directory, 'totals.json');
  const found: object = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...found, ...change }).padEnd(511));
}

test('an append is on the disk when it returns; an answer need not be', t => {
  const spool = openSpool(temporaryDirectory(t));
  const levels = commits(t);
  spool.append([buildBatch('a'), buildBatch('b')]);
  assert.deepEqual(levels, [FULL]);
  const claim = spool.claim({ ...LIMITS, records: 1 });
  assert.ok(claim);
  spool.accept(claim, 0);
  assert.deepEqual(levels, [FULL, NORMAL]);
  spool.append([buildBatch('c')]);
  assert.deepEqual(levels, [FULL, NORMAL, FULL]);
});

test('an append that fails writes nothing and does not change the accounts', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([buildBatch('a')]);
  const database = new DatabaseSync(databasePathOf(directory));
  database.exec(
    "CREATE TRIGGER full BEFORE INSERT ON batch WHEN NEW.severity = 1 BEGIN SELECT RAISE(ABORT, 'full'); END",
  );
  database.close();
  const entries = new Map([['name', Uint8Array.of(1)]]);
  assert.throws(() => spool.append([buildBatch('b'), buildBatch('c', { severity: 1 })], entries), {
    code: 'SPOOL_INVALID',
  });
  assert.equal(spool.totals.appended, 1);
  assert.equal(spool.checkpoint.size, 0);
  assert.deepEqual([spool.waiting.records, spool.unclaimed()], [1, 1]);
  assert.deepEqual(drain(spool), ['a']);
});

test('the totals file of this boot is used when it counts more records than the database has', t => {
  const directory = temporaryDirectory(t);
  const before = openSpool(directory);
  before.append([buildBatch('a', { records: 3 })]);
  before.close();
  const totals = { appended: 8, accepted: 1, refused: 0, evicted: { size: 0, age: 0, corruption: 0 } };
  testify(directory, { totals, closed: false });
  const spool = openSpool(directory);
  assert.equal(spool.totals.evicted.corruption, 4);
  assert.equal(spool.totals.appended, 8);
  assert.equal(spool.inherited, 7);
  assert.equal(waitingOf(spool.totals), spool.waiting.records);
});

// after a power cut the page cache is lost: the totals file can be older or newer than the database on the disk
test('the totals file of another boot is used only when it was closed', t => {
  const totals = { appended: 8, accepted: 0, refused: 0, evicted: { size: 0, age: 0, corruption: 0 } };
  for (const closed of [false, true]) {
    const directory = temporaryDirectory(t);
    const before = openSpool(directory);
    before.append([buildBatch('a', { records: 3 })]);
    before.close();
    testify(directory, { totals, closed, bootId: 'another boot' });
    const spool = openSpool(directory);
    assert.equal(spool.totals.evicted.corruption, closed ? 5 : 0);
    assert.equal(spool.totals.appended, closed ? 8 : 3);
    assert.deepEqual(drain(spool), ['a']);
  }
});

test('a totals file with fewer records than the database, or an invalid one, is ignored', t => {
  const fewer = { appended: 1, accepted: 0, refused: 0, evicted: { size: 0, age: 0, corruption: 0 } };
  const half = { appended: 9, accepted: 0, refused: 0, evicted: { size: 0 } };
  for (const change of [{ totals: fewer }, { totals: { appended: 9 } }, { totals: half }, { closed: 1 }]) {
    const directory = temporaryDirectory(t);
    const before = openSpool(directory);
    before.append([buildBatch('a', { records: 3 })]);
    before.close();
    testify(directory, change);
    const spool = openSpool(directory);
    assert.equal(spool.totals.appended, 3);
    assert.equal(spool.totals.evicted.corruption, 0);
    assert.deepEqual(drain(spool), ['a']);
  }
});

test('the totals file is written at each append and answer, and marked as closed only at the end', t => {
  const directory = temporaryDirectory(t);
  const totalsFile = (): unknown => JSON.parse(readFileSync(join(directory, 'totals.json'), 'utf8'));
  const spool = openSpool(directory);
  spool.append([buildBatch('a', { records: 3 })]);
  const evicted = { size: 0, age: 0, corruption: 0 };
  const appended = { appended: 3, accepted: 0, refused: 0, evicted };
  assert.deepEqual(totalsFile(), { totals: appended, bootId: BOOT_ID, closed: false });
  const claim = spool.claim(LIMITS);
  assert.ok(claim);
  spool.accept(claim, 1);
  const answered = { appended: 3, accepted: 2, refused: 1, evicted };
  assert.deepEqual(totalsFile(), { totals: answered, bootId: BOOT_ID, closed: false });
  spool.close();
  assert.deepEqual(totalsFile(), { totals: answered, bootId: BOOT_ID, closed: true });
});

test('only the owner can access the files of the spool, whatever the umask; the mode of an older database is corrected', t => {
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const directory = join(temporaryDirectory(t), 'spool');
  const first = openSpool(directory);
  first.append([buildBatch('a')]);
  first.close();
  chmodSync(databasePathOf(directory), 0o644);
  const spool = openSpool(directory);
  spool.append([buildBatch('b')]);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  const modes = readdirSync(directory).map(name => [name, statSync(join(directory, name)).mode & 0o777]);
  assert.deepEqual(
    modes.sort().filter(([, mode]) => mode !== 0o600),
    [],
  );
  assert.ok(modes.some(([name]) => name === 'spool.db-wal'));
});

test('a new spool is never accessible to others while it is created', t => {
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const seen: number[] = [];
  const directory = temporaryDirectory(t);
  const exec = DatabaseSync.prototype.exec;
  t.mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql: string): void {
    for (const name of readdirSync(directory)) seen.push(statSync(join(directory, name)).mode & 0o077);
    exec.call(this, sql);
  });
  openSpool(directory).append([buildBatch('a')]);
  assert.ok(seen.length > 0);
  assert.deepEqual([...new Set(seen)], [0]);
});

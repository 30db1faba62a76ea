import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { waitingOf } from '../../../../src/telemetry/spool/totals.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { alter, buildBatch, drain, LIMITS, openSpool } from './spool-builder.ts';

test('appended batches survive the process until they are accepted', t => {
  const directory = temporaryDirectory(t);
  const before = openSpool(directory);
  before.append([buildBatch('a', { records: 3 }), buildBatch('b')]);
  before.close();

  const after = openSpool(directory);
  assert.equal(after.waiting.records, 4);
  assert.deepEqual(drain(after), ['a', 'b']);
  after.close();

  const last = openSpool(directory);
  assert.equal(last.waiting.records, 0);
  assert.deepEqual(last.totals, {
    appended: 4,
    accepted: 4,
    refused: 0,
    evicted: { size: 0, age: 0, corruption: 0 },
  });
  last.close();
});

test('the most severe batches go first, of one severity the oldest', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append([
    buildBatch('low', { severity: 1 }),
    buildBatch('high 1', { severity: 3 }),
    buildBatch('medium', { severity: 2 }),
    buildBatch('high 2', { severity: 3 }),
  ]);
  assert.deepEqual(drain(spool), ['high 1', 'high 2', 'medium', 'low']);
});

test('with inOrder strictly the oldest go first', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append([
    buildBatch('1', { severity: 1 }),
    buildBatch('2', { severity: 3 }),
    buildBatch('3', { severity: 0 }),
  ]);
  assert.deepEqual(drain(spool, true), ['1', '2', '3']);
});

test('a request takes no more records and bytes than it may, but always one batch', t => {
  const spool = openSpool(temporaryDirectory(t));
  const batches = ['a', 'b', 'c'].map(mark => buildBatch(mark, { records: 4, bytes: 100 }));
  spool.append(batches);
  assert.equal(spool.claim({ ...LIMITS, records: 9 })?.records, 8);
  assert.equal(spool.claim({ ...LIMITS, bytes: 10 })?.records, 4);
  assert.equal(spool.claim(LIMITS), undefined);
});

test('a batch in flight is not claimed again, until its release', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append([buildBatch('a')]);
  const claim = spool.claim(LIMITS);
  assert(claim);
  assert.equal(spool.unclaimed(), 0);
  assert.equal(spool.waiting.records, 1);
  spool.release(claim);
  assert.equal(spool.unclaimed(), 1);
  assert.deepEqual(drain(spool), ['a']);
});

test('a full spool evicts the oldest of the lowest severity, counts them, and keeps the high ones', t => {
  const spool = openSpool(temporaryDirectory(t), { maxBytes: 1_000 });
  for (let i = 0; i < 5; i++) {
    spool.append([
      buildBatch(`low ${i}`, { severity: 1, bytes: 100, records: 2 }),
      buildBatch(`high ${i}`, { severity: 3, bytes: 200 }),
    ]);
  }
  assert.equal(spool.totals.evicted.size, 10);
  assert.ok(spool.waiting.bytes <= 1_000);
  assert.equal(waitingOf(spool.totals), spool.waiting.records);
  assert.deepEqual(drain(spool), ['high 0', 'high 1', 'high 2', 'high 3', 'high 4']);
});

test('a batch in flight is not evicted', t => {
  const spool = openSpool(temporaryDirectory(t), { maxBytes: 100 });
  spool.append([buildBatch('first', { bytes: 90 })]);
  const claim = spool.claim(LIMITS);
  assert(claim);
  spool.append([buildBatch('second', { bytes: 90 })]);
  assert.equal(spool.totals.evicted.size, 1);
  spool.accept(claim, 0);
  assert.equal(spool.totals.accepted, 1);
  assert.equal(waitingOf(spool.totals), 0);
});

test('a batch that is older than allowed is evicted and counted', t => {
  const directory = temporaryDirectory(t);
  const before = openSpool(directory);
  before.append([buildBatch('old', { records: 7 })]);
  before.close();
  const after = openSpool(directory, { maxAgeMillis: -1 });
  assert.equal(after.totals.evicted.age, 7);
  assert.equal(after.waiting.records, 0);
});

test('a change of the wall clock while the spool is open ages no batch', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append([buildBatch('a')]);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 365 * 24 * 3_600_000 });
  spool.evictExpired();
  assert.deepEqual(drain(spool), ['a']);
});

test('records that the collector rejected of a batch are counted as refused, the others as accepted', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append([buildBatch('a', { records: 10 })]);
  const claim = spool.claim(LIMITS);
  assert(claim);
  spool.accept(claim, 3);
  assert.equal(spool.totals.accepted, 7);
  assert.equal(spool.totals.refused, 3);
});

test('the newest refused batches are refused up to a size, and not sent again', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory, { maxRefusedBytes: 250 });
  for (const mark of ['1', '2', '3', '4']) {
    spool.append([buildBatch(mark, { bytes: 100 })]);
    const claim = spool.claim(LIMITS);
    assert(claim);
    spool.refuse(claim, { code: 'INVALID_ARGUMENT', reason: 'bad' });
  }
  assert.equal(spool.totals.refused, 4);
  assert.equal(waitingOf(spool.totals), 0);
  assert.deepEqual(drain(spool), []);
  const database = new DatabaseSync(join(directory, 'spool.db'), { readOnly: true });
  const refused = database.prepare('SELECT id, code FROM refused ORDER BY id').all();
  database.close();
  assert.deepEqual(
    refused.map(({ id, code }) => [id, code]),
    [
      [3, 'INVALID_ARGUMENT'],
      [4, 'INVALID_ARGUMENT'],
    ],
  );
});

test('only the owner can read the spool', t => {
  const directory = join(temporaryDirectory(t), 'made', 'here');
  const spool = openSpool(directory);
  spool.append([buildBatch('a')]);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  for (const name of readdirSync(directory)) {
    assert.equal(statSync(join(directory, name)).mode & 0o077, 0, name);
  }
});

test('a second process cannot use the same directory', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  assert.throws(() => openSpool(directory), {
    code: 'SPOOL_INVALID',
    message: /another process is using it/,
  });
  spool.close();
  openSpool(directory).close();
});

test('a directory that cannot be used stops the start with an error that names it', () => {
  assert.throws(() => openSpool('/proc/memwarden'), { code: 'SPOOL_INVALID', message: /\/proc\/memwarden/ });
});

test('space is returned to the file system after a backlog', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  for (let i = 0; i < 40; i++) spool.append([buildBatch(`${i}`, { bytes: 1_000_000 })]);
  drain(spool);
  for (let i = 0; i < 40; i++) {
    spool.append([buildBatch('x')]);
    drain(spool);
  }
  spool.close();
  assert.ok(statSync(join(directory, 'spool.db')).size < 20 * 1024 * 1024);
});

test('a HIGH batch is not evicted for LOW ones in flight; these are evicted after their release', t => {
  const spool = openSpool(temporaryDirectory(t), { maxBytes: 1_000 });
  for (let i = 0; i < 10; i++) spool.append([buildBatch(`low ${i}`, { severity: 1, bytes: 100 })]);
  const claim = spool.claim(LIMITS);
  assert.ok(claim !== undefined);
  spool.append([buildBatch('high', { severity: 3, bytes: 300 })]);
  assert.equal(spool.totals.evicted.size, 0);
  spool.release(claim);
  spool.append([buildBatch('another', { severity: 3, bytes: 100 })]);
  assert.equal(spool.totals.evicted.size, 4);
  assert.deepEqual(drain(spool).slice(0, 3), ['high', 'another', 'low 4']);
  spool.close();
});

test('HIGH batches are evicted when LOW ones in flight are not enough', t => {
  const spool = openSpool(temporaryDirectory(t), { maxBytes: 1_000 });
  spool.append([buildBatch('low', { severity: 1, bytes: 100 })]);
  const claim = spool.claim(LIMITS);
  assert.ok(claim !== undefined);
  for (let i = 0; i < 12; i++) spool.append([buildBatch(`high ${i}`, { severity: 3, bytes: 100 })]);
  assert.equal(spool.totals.evicted.size, 2);
  spool.accept(claim, 0);
  assert.equal(spool.waiting.bytes, 1_000);
  spool.close();
});

test('a spool of the first version keeps its batches, and takes a checkpoint and refused batches', t => {
  const directory = temporaryDirectory(t);
  const before = openSpool(directory);
  before.append([buildBatch('a')]);
  before.close();
  alter(
    directory,
    'DROP TABLE note; ALTER TABLE refused ADD COLUMN retriable INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 1',
  );

  const spool = openSpool(directory);
  spool.append([buildBatch('b')], new Map([['ring', Uint8Array.of(1)]]));
  assert.deepEqual([...spool.checkpoint.keys()], ['ring']);
  assert.deepEqual(drain(spool), ['a', 'b']);
  spool.append([buildBatch('c')]);
  const claim = spool.claim(LIMITS);
  assert.ok(claim !== undefined);
  spool.refuse(claim, { code: 'INVALID_ARGUMENT', reason: 'bad' });
  assert.equal(spool.totals.refused, 1);
  spool.close();
});

test('a spool of a later version stops the start and is not changed', t => {
  const directory = temporaryDirectory(t);
  openSpool(directory).close();
  alter(directory, 'PRAGMA user_version = 99');
  assert.throws(() => openSpool(directory), /its layout has version 99/);
  alter(directory, 'SELECT 1 FROM batch');
});

import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { waitingOf } from '../../../../src/telemetry/spool/totals.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { BOOT_ID, buildBatch, drain, LIMITS, openSpool } from './spool-builder.ts';

const BATCHES = 40;
const RECORDS = BATCHES * 5;
const ENTRY = Uint8Array.of(1, 2, 3);

/**
 * A spool with 40 batches of 5 records, all in its main file, whose process ended without closing it.
 * @param appended the number of appended records in the totals file
 */
function buildAbandonedSpool(t: TestContext, appended = RECORDS): string {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([], new Map([['reported', ENTRY]]));
  for (let i = 0; i < BATCHES; i++) spool.append([buildBatch(`batch ${i}`, { records: 5, bytes: 50_000 })]);
  spool.close();
  // the spool was closed, but the totals file says that it was not, as after a kill
  const totals = join(directory, 'totals.json');
  const file = openSync(totals, 'r+');
  const state = {
    totals: { appended, accepted: 0, refused: 0, evicted: { size: 0, age: 0, corruption: 0 } },
    bootId: BOOT_ID,
    closed: false,
  };
  writeSync(file, JSON.stringify(state).padEnd(511), 0);
  closeSync(file);
  return directory;
}

function overwrite(path: string, position: number, length: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, position);
  closeSync(file);
}

/** Opens a damaged spool and asserts: no error, every record pending or counted as lost, the damaged file kept aside. */
function assertAccounted(directory: string): { saved: number; lost: number } {
  const spool = openSpool(directory);
  const saved = drain(spool).length * 5;
  const lost = spool.totals.evicted.corruption + spool.totals.refused;
  assert.equal(saved + lost, RECORDS);
  assert.equal(spool.totals.appended, RECORDS);
  assert.equal(waitingOf(spool.totals), 0);
  spool.append([buildBatch('afterwards')]);
  assert.deepEqual(drain(spool), ['afterwards']);
  spool.close();
  return { saved, lost };
}

function asideOf(directory: string): string[] {
  return readdirSync(directory).filter(name => name.includes('.damaged-'));
}

test('a spool damaged at its head is set aside, and every record in it is counted as lost', t => {
  const directory = buildAbandonedSpool(t);
  overwrite(join(directory, 'spool.db'), 0, 200);
  assert.deepEqual(assertAccounted(directory), { saved: 0, lost: RECORDS });
  assert.equal(asideOf(directory).length, 1);
});

test('a spool damaged in the middle loses the batches that were there, and only those', t => {
  const directory = buildAbandonedSpool(t);
  const path = join(directory, 'spool.db');
  overwrite(path, Math.trunc(statSync(path).size / 2), 30_000);
  const { saved, lost } = assertAccounted(directory);
  assert.ok(lost > 0 && lost <= 30, `${lost} lost`);
  assert.ok(saved >= RECORDS - 30);
});

test('a spool damaged at its tail loses the batches that were there, and only those', t => {
  const directory = buildAbandonedSpool(t);
  const path = join(directory, 'spool.db');
  overwrite(path, statSync(path).size - 30_000, 30_000);
  const { lost } = assertAccounted(directory);
  assert.ok(lost > 0 && lost <= 30, `${lost} lost`);
  const spool = openSpool(directory);
  assert.deepEqual([...spool.checkpoint], [['reported', ENTRY]]);
  spool.close();
});

test('a truncated spool keeps its remaining batches', t => {
  const directory = buildAbandonedSpool(t);
  const path = join(directory, 'spool.db');
  truncateSync(path, Math.trunc(statSync(path).size / 2 / 16_384) * 16_384);
  const { saved } = assertAccounted(directory);
  assert.ok(saved > 0);
});

test('a spool file that is not a database is set aside', t => {
  const directory = buildAbandonedSpool(t);
  const path = join(directory, 'spool.db');
  overwrite(path, 0, statSync(path).size);
  assertAccounted(directory);
  assert.equal(asideOf(directory).length, 1);
});

test('the records of transactions that SQLite drops because of a damaged log are counted as lost', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([buildBatch('first', { records: 2 })]);
  const wal = join(directory, 'spool.db-wal');
  const size = statSync(wal).size;
  spool.append([buildBatch('second', { records: 3 })]);
  overwrite(wal, size, statSync(wal).size - size);

  // the process is killed: the next one opens its files as they are
  const copy = temporaryDirectory(t);
  for (const name of ['spool.db', 'spool.db-wal', 'totals.json'])
    copyFileSync(join(directory, name), join(copy, name));
  const after = openSpool(copy);
  assert.deepEqual(drain(after), ['first']);
  assert.equal(after.totals.evicted.corruption, 3);
  assert.equal(waitingOf(after.totals), 0);
  spool.close();
});

test('a batch with a wrong checksum is refused, and the others are sent', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([buildBatch('good 1'), buildBatch('bad', { records: 4 }), buildBatch('good 2')]);
  spool.close();
  const database = new DatabaseSync(join(directory, 'spool.db'));
  database.exec("UPDATE batch SET body = CAST('changed' AS BLOB) WHERE id = 2");
  database.close();
  const after = openSpool(directory);
  assert.deepEqual(drain(after), ['good 1', 'good 2']);
  assert.equal(after.totals.refused, 4);
  assert.equal(waitingOf(after.totals), 0);
});

test('a file that is damaged while in use is replaced, and batches in flight are not lost', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  for (let i = 0; i < 10; i++) spool.append([buildBatch(`batch ${i}`, { bytes: 50_000 })]);
  const claim = spool.claim({ ...LIMITS, records: 1 });
  assert(claim);
  // another connection moves everything to the main file, so that the damage there is found
  const database = new DatabaseSync(join(directory, 'spool.db'));
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  overwrite(join(directory, 'spool.db'), 0, statSync(join(directory, 'spool.db')).size);
  spool.append([buildBatch('new')]);
  spool.release(claim);
  const marks = drain(spool);
  assert.ok(marks.includes('batch 0') && marks.includes('new'), marks.join());
  assert.equal(spool.totals.appended, 11);
  assert.equal(spool.totals.accepted + spool.totals.evicted.corruption, 11);
  assert.equal(waitingOf(spool.totals), 0);
});

test('after a power cut the totals file is ignored, and nothing counts as lost', t => {
  const directory = buildAbandonedSpool(t, RECORDS + 7);
  const spool = openSpool(directory, {}, 'another boot');
  assert.equal(spool.totals.evicted.corruption, 0);
  assert.equal(drain(spool).length, BATCHES);
});

/** Damages an index and no batch. */
function ruinIndex(directory: string): void {
  const path = join(directory, 'spool.db');
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'batch_order'").get();
  database.close();
  overwrite(path, (Number(row?.['rootpage']) - 1) * 16_384, 16_384);
}

test('damage that loses no batch does not change the totals', t => {
  const directory = buildAbandonedSpool(t);
  const before = openSpool(directory);
  const claim = before.claim({ ...LIMITS, records: 10 });
  assert(claim);
  before.accept(claim, 1);
  const totals = structuredClone(before.totals);
  before.close();
  // as after a kill
  const path = join(directory, 'totals.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"closed":true', '"closed":false'));
  ruinIndex(directory);

  const spool = openSpool(directory);
  assert.ok(asideOf(directory).length > 0);
  assert.deepEqual(spool.totals, totals);
  assert.equal(waitingOf(spool.totals), spool.waiting.records);
  assert.equal(drain(spool).length, BATCHES - 2);
});

test('batches saved from a file without valid totals are in the accounts', t => {
  const half = { totals: { appended: 9, accepted: 0, refused: 0, evicted: { size: 0 } }, bootId: BOOT_ID };
  for (const text of ['', JSON.stringify({ ...half, closed: false })]) {
    const directory = buildAbandonedSpool(t);
    writeFileSync(join(directory, 'totals.json'), text);
    // without a totals file that says that the spool was closed every page is checked
    ruinIndex(directory);
    const spool = openSpool(directory);
    assert.equal(spool.totals.appended, RECORDS);
    assert.equal(spool.inherited, RECORDS);
    assert.equal(waitingOf(spool.totals), spool.waiting.records);
    assert.equal(spool.changes.appended, 0);
    spool.close();
  }
});

test('after a kill the file is checked for damage at the start; after a shutdown it is not', t => {
  const directory = buildAbandonedSpool(t);
  const path = join(directory, 'spool.db');
  overwrite(path, Math.trunc(statSync(path).size / 2), 30_000);
  const totals = join(directory, 'totals.json');
  const text = readFileSync(totals, 'utf8');
  writeFileSync(totals, text.replace('"closed":false', '"closed":true'));
  openSpool(directory).close();
  assert.equal(asideOf(directory).length, 0);
  writeFileSync(totals, text);
  const spool = openSpool(directory);
  assert.ok(asideOf(directory).length > 0);
  assert.ok(spool.totals.evicted.corruption > 0);
});

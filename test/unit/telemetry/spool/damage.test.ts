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
 * @param appended what the totals beside it say of that
 */
function buildAbandonedSpool(t: TestContext, appended = RECORDS): string {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([], new Map([['reported', ENTRY]]));
  for (let i = 0; i < BATCHES; i++) spool.append([buildBatch(`batch ${i}`, { records: 5, bytes: 50_000 })]);
  spool.close();
  // The file was closed in good order; the totals say otherwise, as after a kill.
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

/** Opens a damaged spool and wants: no crash, every record either still there or counted as lost, the file kept. */
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

test('a spool that was cut short keeps what is left of it', t => {
  const directory = buildAbandonedSpool(t);
  const path = join(directory, 'spool.db');
  truncateSync(path, Math.trunc(statSync(path).size / 2 / 16_384) * 16_384);
  const { saved } = assertAccounted(directory);
  assert.ok(saved > 0);
});

test('a spool that is no database at all is set aside', t => {
  const directory = buildAbandonedSpool(t);
  const path = join(directory, 'spool.db');
  overwrite(path, 0, statSync(path).size);
  assertAccounted(directory);
  assert.equal(asideOf(directory).length, 1);
});

test('transactions that a damaged log makes SQLite forget are counted as lost', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([buildBatch('first', { records: 2 })]);
  const wal = join(directory, 'spool.db-wal');
  const size = statSync(wal).size;
  spool.append([buildBatch('second', { records: 3 })]);
  overwrite(wal, size, statSync(wal).size - size);

  // The process is killed: another takes its files over as they are.
  const copy = temporaryDirectory(t);
  for (const name of ['spool.db', 'spool.db-wal', 'totals.json'])
    copyFileSync(join(directory, name), join(copy, name));
  const after = openSpool(copy);
  assert.deepEqual(drain(after), ['first']);
  assert.equal(after.totals.evicted.corruption, 3);
  assert.equal(waitingOf(after.totals), 0);
  spool.close();
});

test('a batch whose bytes changed is set aside by its checksum, and the others go on', t => {
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

test('a file that breaks while it is in use is replaced, and what is under way is not lost', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  for (let i = 0; i < 10; i++) spool.append([buildBatch(`batch ${i}`, { bytes: 50_000 })]);
  const claim = spool.claim({ ...LIMITS, records: 1 });
  assert(claim);
  // Another connection moves everything to the main file, so that the damage there is met.
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

test('after a power cut the totals are not believed, and nothing is called lost', t => {
  const directory = buildAbandonedSpool(t, RECORDS + 7);
  const spool = openSpool(directory, {}, 'another boot');
  assert.equal(spool.totals.evicted.corruption, 0);
  assert.equal(drain(spool).length, BATCHES);
});

/** Ruins an index and none of the batches. */
function ruinIndex(directory: string): void {
  const path = join(directory, 'spool.db');
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'batch_order'").get();
  database.close();
  overwrite(path, (Number(row?.['rootpage']) - 1) * 16_384, 16_384);
}

test('damage that loses no batch loses none of what was counted before either', t => {
  const directory = buildAbandonedSpool(t);
  const before = openSpool(directory);
  const claim = before.claim({ ...LIMITS, records: 10 });
  assert(claim);
  before.accept(claim, 1);
  const totals = structuredClone(before.totals);
  before.close();
  // as a kill would have left it
  const path = join(directory, 'totals.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"closed":true', '"closed":false'));
  ruinIndex(directory);

  const spool = openSpool(directory);
  assert.ok(asideOf(directory).length > 0);
  assert.deepEqual(spool.totals, totals);
  assert.equal(waitingOf(spool.totals), spool.waiting.records);
  assert.equal(drain(spool).length, BATCHES - 2);
});

test('what is saved of a file whose totals are lost with it, or of no use, is in the books all the same', t => {
  const half = { totals: { appended: 9, accepted: 0, refused: 0, evicted: { size: 0 } }, bootId: BOOT_ID };
  for (const text of ['', JSON.stringify({ ...half, closed: false })]) {
    const directory = buildAbandonedSpool(t);
    writeFileSync(join(directory, 'totals.json'), text);
    // no witness says that it was closed, so every page is looked at
    ruinIndex(directory);
    const spool = openSpool(directory);
    assert.equal(spool.totals.appended, RECORDS);
    assert.equal(spool.inherited, RECORDS);
    assert.equal(waitingOf(spool.totals), spool.waiting.records);
    assert.equal(spool.changes.appended, 0);
    spool.close();
  }
});

test('after a kill damage is found at the start; an end in good order is believed', t => {
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

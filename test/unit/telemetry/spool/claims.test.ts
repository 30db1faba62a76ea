import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { BatchTable } from '../../../../src/telemetry/spool/batch-table.ts';
import { FreshBodies } from '../../../../src/telemetry/spool/fresh-bodies.ts';
import { SPOOL_DEFAULTS } from '../../../../src/telemetry/spool/options.ts';
import { Spool } from '../../../../src/telemetry/spool/spool.ts';
import { databasePathOf, SpoolDirectory } from '../../../../src/telemetry/spool/spool-directory.ts';
import { waitingOf } from '../../../../src/telemetry/spool/totals.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { alter, BOOT_ID, buildBatch, CONTEXT, drain, LIMITS, marksOf, openSpool } from './spool-builder.ts';

const OTHER_CONTEXT = { ...CONTEXT, resource: Uint8Array.of(0x0a, 1, 7) };
const REFUSAL = { code: 'INVALID_ARGUMENT', reason: 'bad' };

/** From now on the database refuses to delete a batch, as on a full disk. */
const REFUSE_DELETION =
  "CREATE TRIGGER full BEFORE DELETE ON batch BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
/** Damages one row, so that reading it fails as on a damaged page; the other rows are intact. */
const DAMAGED_ROW =
  'INSERT INTO batch (id, context, severity, records, bytes, created, checksum, body) ' +
  "VALUES (1000, 1, 0, 9223372036854775807, 1, 1, 1, x'00')";
const DAMAGED_CONTEXT = 'UPDATE context SET id = 9223372036854775807';

test('a request has records of one Resource only, also next to those of an earlier process', t => {
  const directory = temporaryDirectory(t);
  const before = openSpool(directory);
  before.append([buildBatch('old 1'), buildBatch('old 2')]);
  before.close();

  for (const inOrder of [false, true]) {
    const spool = new Spool(SPOOL_DEFAULTS, OTHER_CONTEXT, new SpoolDirectory(directory, BOOT_ID));
    spool.append([buildBatch('new')]);
    const first = spool.claim({ ...LIMITS, inOrder });
    const second = spool.claim({ ...LIMITS, inOrder });
    assert.deepEqual(first?.context, CONTEXT);
    assert.deepEqual(marksOf(first), ['old 1', 'old 2']);
    assert.deepEqual(second?.context, OTHER_CONTEXT);
    assert.ok(marksOf(second).includes('new'));
    spool.close();
  }
});

test('batches have the Resource that was set last before they were appended', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append([buildBatch('before')]);
  spool.setContext(OTHER_CONTEXT);
  spool.append([buildBatch('after')]);
  assert.deepEqual(spool.claim(LIMITS)?.context, CONTEXT);
  assert.deepEqual(spool.claim(LIMITS)?.context, OTHER_CONTEXT);
});

test('a Resource is stored for as long as a batch uses it, and no longer', t => {
  const directory = temporaryDirectory(t);
  const first = openSpool(directory);
  first.append([buildBatch('old')]);
  first.close();
  const contexts = (): number => {
    const database = new DatabaseSync(databasePathOf(directory), { readOnly: true });
    const row = database.prepare('SELECT COUNT(*) AS count FROM context').get();
    database.close();
    return Number(row?.['count']);
  };
  const open = () => new Spool(SPOOL_DEFAULTS, OTHER_CONTEXT, new SpoolDirectory(directory, BOOT_ID));
  const second = open();
  assert.equal(contexts(), 2);
  assert.deepEqual(drain(second), ['old']);
  second.close();
  open().close();
  assert.equal(contexts(), 1);
});

test('a batch in flight does not expire; it can after its release', t => {
  const spool = openSpool(temporaryDirectory(t), { maxAgeMillis: -1 });
  spool.append([buildBatch('a', { records: 2 })]);
  const claim = spool.claim(LIMITS);
  assert.ok(claim);
  spool.evictExpired();
  assert.equal(spool.totals.evicted.age, 0);
  assert.equal(spool.waiting.records, 2);
  spool.release(claim);
  spool.evictExpired();
  assert.equal(spool.totals.evicted.age, 2);
  assert.deepEqual([spool.waiting.records, spool.waiting.bytes, spool.unclaimed()], [0, 0, 0]);
});

test('a collector that claims to reject more records than it was sent has rejected all of them', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append([buildBatch('a', { records: 2 })]);
  const claim = spool.claim(LIMITS);
  assert.ok(claim);
  spool.accept(claim, 5);
  assert.equal(spool.totals.refused, 2);
  assert.equal(spool.totals.accepted, 0);
  assert.equal(waitingOf(spool.totals), 0);
});

test('a second answer to the same batch is not counted', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append([buildBatch('a')]);
  const claim = spool.claim(LIMITS);
  assert.ok(claim);
  spool.refuse(claim, REFUSAL);
  spool.refuse(claim, REFUSAL);
  spool.release(claim);
  assert.equal(spool.totals.refused, 1);
  assert.equal(spool.unclaimed(), 0);
});

// Symptom: batches that could not be deleted on a full disk were copied when a damaged file was rebuilt, and sent twice.
test('answered batches that could not be deleted are not sent again from a rebuilt file', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append(['a', 'b', 'c'].map(mark => buildBatch(mark)));
  const [accepted, refused] = [1, 2].map(() => spool.claim({ ...LIMITS, records: 1 }));
  assert.ok(accepted && refused);
  alter(directory, REFUSE_DELETION);
  spool.accept(accepted, 0);
  spool.refuse(refused, REFUSAL);
  assert.equal(spool.waiting.records, 1);
  assert.equal(spool.unclaimed(), 1);

  alter(directory, DAMAGED_ROW);
  assert.deepEqual(drain(spool), ['c']);
  assert.deepEqual(spool.totals, {
    appended: 3,
    accepted: 2,
    refused: 1,
    evicted: { size: 0, age: 0, corruption: 0 },
  });
  spool.close();
  assert.deepEqual(drain(openSpool(directory)), []);
});

test('answered batches that could not be deleted are deleted with the next one', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append(['a', 'b', 'c'].map(mark => buildBatch(mark)));
  const [first, second] = [1, 2].map(() => spool.claim({ ...LIMITS, records: 1 }));
  assert.ok(first && second);
  alter(directory, REFUSE_DELETION);
  spool.accept(first, 0);
  alter(directory, 'DROP TRIGGER full');
  spool.accept(second, 0);
  spool.close();
  const next = openSpool(directory);
  assert.deepEqual(drain(next), ['c']);
  assert.equal(next.totals.accepted, 3);
});

// Symptom: with new ids in the rebuilt file a batch in flight was sent twice, and another one was deleted in its place.
test('all batches keep their ids in a rebuilt file, including one in flight', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append(['a', 'b', 'c', 'd'].map(mark => buildBatch(mark)));
  const first = spool.claim({ ...LIMITS, records: 1 });
  assert.ok(first);
  spool.accept(first, 0);
  const inFlight = spool.claim({ ...LIMITS, records: 1 });
  assert.deepEqual(marksOf(inFlight), ['b']);
  alter(directory, DAMAGED_ROW);
  const others = spool.claim(LIMITS);
  assert.deepEqual(marksOf(others), ['c', 'd']);
  assert.ok(inFlight && others);
  spool.accept(inFlight, 0);
  spool.accept(others, 0);
  assert.equal(spool.totals.accepted, 4);
  assert.equal(waitingOf(spool.totals), 0);
  spool.close();
  assert.deepEqual(drain(openSpool(directory)), []);
});

// the cache of the newest batches is by id: a new batch with an old id would be sent with the body of the old one
test('an id is never reused, not even in a file that was rebuilt empty', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append(['a', 'b'].map(mark => buildBatch(mark)));
  const claim = spool.claim(LIMITS);
  assert.deepEqual(claim?.ids, [1, 2]);
  assert.ok(claim);
  spool.accept(claim, 0);
  alter(directory, DAMAGED_CONTEXT);
  spool.append([buildBatch('c')]);
  assert.deepEqual(spool.claim(LIMITS)?.ids, [3]);
});

test('a batch that was in flight when the process ended is pending for the next, before later ones', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([buildBatch('a'), buildBatch('b')]);
  spool.claim({ ...LIMITS, records: 1 });
  spool.close();
  const next = openSpool(directory);
  assert.deepEqual(drain(next), ['a', 'b']);
  assert.equal(next.inherited, 2);
  assert.equal(next.changes.accepted, 2);
});

test('the oldest batches of the lowest severity are evicted for room, and no more than needed', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory, { maxBytes: 300 });
  for (const mark of ['1', '2', '3', '4']) spool.append([buildBatch(mark, { bytes: 100, severity: 0 })]);
  assert.equal(spool.totals.evicted.size, 1);
  assert.equal(spool.waiting.bytes, 300);
  assert.deepEqual(drain(spool), ['2', '3', '4']);
  spool.close();
  const names = new DatabaseSync(join(directory, 'spool.db'), { readOnly: true });
  assert.equal(names.prepare('SELECT COUNT(*) AS count FROM batch').get()?.['count'], 0);
  names.close();
});

test('each answered batch is deleted only once', t => {
  const spool = openSpool(temporaryDirectory(t));
  spool.append(['a', 'b', 'c'].map(mark => buildBatch(mark)));
  const remove = t.mock.method(BatchTable.prototype, 'remove');
  assert.deepEqual(
    [1, 2, 3].map(() => answer(spool)),
    [1, 2, 3],
  );
  assert.equal(remove.mock.callCount(), 3);

  function answer(spool: Spool): number {
    const claim = spool.claim({ ...LIMITS, records: 1 });
    assert.ok(claim);
    spool.accept(claim, 0);
    return remove.mock.callCount();
  }
});

test('a full disk gets all of its space back once no batch is pending, and keeps the checkpoint', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  const entry = new Map([['ring', Uint8Array.of(1, 2)]]);
  spool.append([buildBatch('a', { bytes: 500_000 })], entry);
  const claim = spool.claim(LIMITS);
  assert.ok(claim);
  alter(directory, REFUSE_DELETION);
  spool.accept(claim, 0);
  assert.deepEqual([...spool.checkpoint], [...entry]);
  assert.ok(statSync(databasePathOf(directory)).size < 200_000);
  spool.append([buildBatch('b')]);
  assert.deepEqual(drain(spool), ['b']);
  spool.close();
  const next = openSpool(directory);
  assert.deepEqual([...next.checkpoint], [...entry]);
  assert.deepEqual(next.totals.accepted, 2);
});

test('a refused record keeps its Resource', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([buildBatch('a')]);
  const claim = spool.claim(LIMITS);
  assert.ok(claim);
  spool.refuse(claim, REFUSAL);
  spool.close();
  for (let i = 0; i < 2; i++) {
    new Spool(SPOOL_DEFAULTS, OTHER_CONTEXT, new SpoolDirectory(directory, BOOT_ID)).close();
  }
  const database = new DatabaseSync(databasePathOf(directory), { readOnly: true });
  const row = database
    .prepare('SELECT resource FROM refused JOIN context ON context.id = refused.context')
    .get();
  database.close();
  assert.deepEqual(row?.['resource'], CONTEXT.resource);
});

test('a batch whose bytes changed is not saved from a damaged file', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([buildBatch('a'), buildBatch('b', { records: 4 }), buildBatch('c')]);
  spool.close();
  alter(directory, "UPDATE batch SET body = CAST('changed' AS BLOB) WHERE id = 2");
  const next = openSpool(directory);
  alter(directory, DAMAGED_ROW.replace('(1000, 1, 0', '(-1, 1, 3'));
  assert.deepEqual(drain(next), ['a', 'c']);
  assert.equal(next.totals.evicted.corruption, 4);
  assert.equal(next.totals.refused, 0);
});

test('while the collector is away, no more bodies than those of a few requests stay in memory', () => {
  const fresh = new FreshBodies();
  const megabyte = new Uint8Array(1_000_000);
  const row = {
    context: 1,
    severity: 3,
    records: 1,
    bytes: 1,
    created: 0,
    attempts: 0,
    checksum: 0,
  } as const;
  for (let id = 1; id <= 20; id++) fresh.add(id, { content: { ...row, body: megabyte }, body: megabyte });
  assert.equal(fresh.get(12), undefined);
  assert.notEqual(fresh.get(13), undefined);
  for (let id = 13; id <= 20; id++) fresh.remove(id);
  for (let id = 21; id <= 28; id++) fresh.add(id, { content: { ...row, body: megabyte }, body: megabyte });
  assert.notEqual(fresh.get(21), undefined);
});

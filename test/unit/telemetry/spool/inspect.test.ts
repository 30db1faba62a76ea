import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusedRecords, spoolStatus } from '../../../../src/telemetry/spool/inspect.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { buildReadable, encodeLogRecord } from '../readable-builder.ts';
import { buildBatch, LIMITS, openSpool } from './spool-builder.ts';

test('the status of a spool in use has the pending records by severity, and the totals', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  spool.append([buildBatch('low', { severity: 1, records: 2 }), buildBatch('high', { severity: 3 })]);
  const status = spoolStatus(directory);
  assert.deepEqual(status.waiting, [
    { severity: 1, records: 2, bytes: 3 },
    { severity: 3, records: 1, bytes: 4 },
  ]);
  assert.equal(status.totals.appended, 3);
  assert.equal(typeof status.oldestMillis, 'number');
  spool.close();
});

test('a refused record can be read, with the reason', t => {
  const directory = temporaryDirectory(t);
  const spool = openSpool(directory);
  const readable = buildReadable();
  const body = encodeLogRecord(readable);
  spool.append([{ severity: 3, records: 1, body }]);
  const claim = spool.claim(LIMITS);
  assert(claim);
  spool.refuse(claim, { code: 'INVALID_ARGUMENT', reason: 'no' });
  const [refused] = refusedRecords(directory);
  assert.equal(refused?.reason, 'no');
  assert.equal(refused?.record.eventName, 'proc_mem_access');
  assert.equal(refused?.record.body, readable.body);
  assert.deepEqual(refused?.record.attributes, { ...readable.attributes });
  spool.close();
});

test('a folder without a spool is an error with its path', t => {
  const directory = temporaryDirectory(t);
  assert.throws(() => spoolStatus(directory), { code: 'SPOOL_INVALID', message: /there is no spool/ });
});

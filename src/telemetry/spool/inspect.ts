import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { MemwardenError } from '../../errors.ts';
import { hintOr } from '../../files/file-refusal.ts';
import { assertOwnDirectory } from '../../files/own-directory.ts';
import { splitRecords } from '../otlp/export-request.ts';
import { type DecodedRecord, decodeRecord } from '../otlp/log-decoder.ts';
import { BatchTable } from './batch-table.ts';
import { assertOwnDatabase } from './own-database.ts';
import { databasePathOf } from './spool-directory.ts';
import { unpackBody } from './stored-body.ts';
import type { Amount } from './tally.ts';
import { readTotals, type SpoolTotals } from './totals.ts';

export interface SpoolStatus {
  /** Pending records, by severity. */
  readonly waiting: readonly Amount[];
  /** When the oldest pending batch was spooled, ms since the Unix epoch; undefined without one. */
  readonly oldestMillis: number | undefined;
  readonly totals: SpoolTotals;
}

/** A record that the collector refused, and why. */
export interface RefusedRecord {
  readonly code: string;
  readonly reason: string;
  readonly record: DecodedRecord;
}

/**
 * How much is in a spool. Works also while a sidecar uses it.
 *
 * @throws MemwardenError SPOOL_INVALID
 */
export function spoolStatus(directory: string): SpoolStatus {
  return withDatabase(directory, database => {
    const table = new BatchTable(database);
    return {
      waiting: table.sums(),
      oldestMillis: table.oldest(),
      totals: readTotals(table),
    };
  });
}

/**
 * The refused records that are still in the spool, oldest first. Works also while a sidecar uses it.
 *
 * @throws MemwardenError SPOOL_INVALID
 */
export function refusedRecords(directory: string): RefusedRecord[] {
  return withDatabase(directory, database => {
    const rows = database.prepare('SELECT code, reason, body FROM refused ORDER BY id').all();
    return rows.flatMap(({ code, reason, body }) => {
      const records = splitRecords(body instanceof Uint8Array ? unpackBody(body) : new Uint8Array());
      return records.map(bytes => ({
        code: String(code),
        reason: String(reason),
        record: decodeRecord(bytes),
      }));
    });
  });
}

function withDatabase<T>(directory: string, work: (database: DatabaseSync) => T): T {
  const path = databasePathOf(directory);
  let database: DatabaseSync | undefined;
  try {
    if (!existsSync(directory)) throw new Error('there is no spool');
    // a reader of SQLite writes too: the index of the log
    assertOwnDirectory(directory, false);
    if (!assertOwnDatabase(path)) throw new Error('there is no spool');
    database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    return work(database);
  } catch (cause) {
    throw new MemwardenError(
      'SPOOL_INVALID',
      `failed to read the spool ${path}: ${cause instanceof Error ? cause.message : cause}`,
      hintOr(
        cause,
        'name its folder with telemetry.spool.directory, and read it as the user that the sidecar runs as',
      ),
      { cause },
    );
  } finally {
    database?.close();
  }
}

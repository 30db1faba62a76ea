import { DatabaseSync } from 'node:sqlite';
import { openOwnDatabase } from './own-database.ts';

/** How long to wait for another process that writes, ms. */
const TIMEOUT_MILLIS = 5_000;

const NOTES = 'CREATE TABLE note (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;';

/** What became different with version 2, 3, and so on; a file of an earlier one is brought up to the last. */
const CHANGES = [NOTES, 'ALTER TABLE refused DROP COLUMN retriable;'];

/** Layout of the tables. A file of a later version stops the start, and stays as it is. */
const SCHEMA_VERSION = 1 + CHANGES.length;

const SCHEMA = `
  CREATE TABLE context (id INTEGER PRIMARY KEY, resource BLOB NOT NULL, scope BLOB NOT NULL, UNIQUE (resource, scope));
  CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    context INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    created INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER NOT NULL,
    body BLOB NOT NULL
  );
  CREATE INDEX batch_order ON batch (severity, id, context, records, bytes);
  CREATE TABLE refused (
    id INTEGER PRIMARY KEY,
    context INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    created INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    body BLOB NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL
  );
  CREATE TABLE total (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  ${NOTES}
`;

/**
 * Opens the spool's database, made new if there is none, readable and writable for its owner alone.
 *
 * Write-ahead logging lets `memwarden spool status` read while the sidecar writes. 16 KiB pages take half
 * the time of the usual 4 KiB ones for full batches, and a third more for single records (test/bench/spool.ts).
 *
 * @throws FileRefusal, or Error of SQLite, with its `errcode`.
 */
export function openDatabase(path: string): DatabaseSync {
  const database = path === ':memory:' ? new DatabaseSync(path) : openOwnDatabase(path, TIMEOUT_MILLIS);
  try {
    database.exec('PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
    const version = pragma(database, 'user_version');
    if (version === 0) {
      database.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
    } else if (version > SCHEMA_VERSION) {
      throw new Error(`its layout has version ${version}, this program writes version ${SCHEMA_VERSION}`);
    } else if (version < SCHEMA_VERSION) {
      const changes = CHANGES.slice(version - 1).join(' ');
      database.exec(`BEGIN; ${changes} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Value of a pragma that is a number. */
export function pragma(database: DatabaseSync, name: string): number {
  const [value] = Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {});
  return Number(value);
}

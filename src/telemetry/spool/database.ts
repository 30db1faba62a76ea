import { DatabaseSync } from 'node:sqlite';
import { openOwnDatabase } from './own-database.ts';

/** Longest wait for another process's write lock, ms. */
const TIMEOUT_MILLIS = 5_000;

/** Entries of the checkpoint. */
const CHECKPOINT_TABLE = 'CREATE TABLE note (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;';

/** The changes of version 2, 3, and so on. A file of an earlier version is migrated when it is opened. */
const MIGRATIONS = [CHECKPOINT_TABLE, 'ALTER TABLE refused DROP COLUMN retriable;'];

/** Version of the tables. A file of a later version stops the start and is left unchanged. */
const SCHEMA_VERSION = 1 + MIGRATIONS.length;

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
  ${CHECKPOINT_TABLE}
`;

/**
 * Opens or creates the spool's database, readable and writable for its owner alone.
 *
 * Write-ahead logging lets `memwarden spool status` read while the sidecar writes. Compared with the default of 4 KiB, pages
 * of 16 KiB take half the time for full batches and a third more for single records (test/bench/spool.ts).
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
      const changes = MIGRATIONS.slice(version - 1).join(' ');
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

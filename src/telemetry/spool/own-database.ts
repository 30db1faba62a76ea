import { closeSync, fstatSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { assertOwnFile, assertSameFile, openOwnFile } from '../../files/own-file.ts';

/** Beside a database, by its name: the write-ahead log, its index, and the journal of a transaction. */
const COMPANIONS = ['-wal', '-shm', '-journal'];

/**
 * Opens a database of the program's own, made if there is none, for its owner alone. SQLite opens by name and follows
 * links, so what bears the name is looked at before, and whether it was that after.
 *
 * SQLite gives its other files the mode of the database, which is therefore right before the first open.
 *
 * @throws FileRefusal, or Error of SQLite, with its `errcode`.
 */
export function openOwnDatabase(path: string, timeout: number): DatabaseSync {
  for (const suffix of COMPANIONS) assertOwnFile(path + suffix);
  const file = openOwnFile(path);
  try {
    const database = new DatabaseSync(path, { timeout });
    try {
      assertSameFile(path, fstatSync(file));
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } finally {
    // before the first transaction: closing any descriptor of a file drops the locks that this process has on it
    closeSync(file);
  }
}

/**
 * Looks at a database that is to be read.
 * @returns whether it is there
 * @throws FileRefusal
 */
export function assertOwnDatabase(path: string): boolean {
  return ['', ...COMPANIONS].map(suffix => assertOwnFile(path + suffix))[0] ?? false;
}

import { closeSync, fstatSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { assertOwnFile, assertSameFile, openOwnFile } from '../../files/own-file.ts';

/** Suffixes of SQLite's other files: write-ahead log, its index, rollback journal. */
const COMPANIONS = ['-wal', '-shm', '-journal'];

/**
 * Opens or creates a database that only its owner may access. SQLite opens by name and follows symbolic links, so the file
 * is checked before, and its identity is compared after.
 *
 * SQLite gives its other files the mode of the database, so that mode must be right before the first open.
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
    // before the first transaction: closing any descriptor of a file drops the process's POSIX locks on it (fcntl(2))
    closeSync(file);
  }
}

/**
 * Checks the files of a database before it is opened for reading.
 * @returns whether the database exists
 * @throws FileRefusal
 */
export function assertOwnDatabase(path: string): boolean {
  return ['', ...COMPANIONS].map(suffix => assertOwnFile(path + suffix))[0] ?? false;
}

import { primaryCode } from './damage.ts';
import { openOwnDatabase } from './own-database.ts';

const SQLITE_BUSY = 5;

/**
 * Makes one process the owner of a spool directory for as long as it lives. An open transaction on an empty database
 * is a file lock that the kernel drops with the process, however that ends, so no stale lock is ever left behind.
 *
 * @returns undefined when another process is the owner; else a function that gives the lock back.
 */
export function takeOwnerLock(path: string): (() => void) | undefined {
  const database = openOwnDatabase(path, 0);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (primaryCode(error) === SQLITE_BUSY) return undefined;
    throw error;
  }
  return () => database.close();
}

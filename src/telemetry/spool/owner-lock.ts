import { primaryCode } from './damage.ts';
import { openOwnDatabase } from './own-database.ts';

const SQLITE_BUSY = 5;

/**
 * Locks a spool directory for this process. The lock is an open transaction on an empty database, that is a file lock. The
 * kernel drops it when the process ends, however that happens, so there are no stale locks.
 *
 * @returns undefined when another process has the lock; else a function that releases it.
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

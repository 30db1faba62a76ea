import { join } from 'node:path';
import { MemwardenError } from '../../errors.ts';
import { hintOr } from '../../files/file-refusal.ts';
import { assertOwnDirectory } from '../../files/own-directory.ts';
import { takeOwnerLock } from './owner-lock.ts';
import type { SpoolTotals } from './totals.ts';
import { TotalsFile } from './totals-file.ts';

const DATABASE = 'spool.db';

/** Path of the database in a spool directory. */
export function databasePathOf(directory: string): string {
  return join(directory, DATABASE);
}

/** A spool's directory: accessible to its user alone, and locked against a second sidecar. */
export class SpoolDirectory {
  readonly databasePath: string;
  readonly #bootId: string;
  readonly #totals: TotalsFile;
  readonly #unlock: () => void;

  /**
   * @param bootId the kernel's boot id, which decides whether the totals file is valid
   * @throws MemwardenError SPOOL_INVALID when the directory cannot be created or written, or is in use.
   */
  constructor(path: string, bootId: string) {
    this.databasePath = databasePathOf(path);
    this.#bootId = bootId;
    try {
      assertOwnDirectory(path, true);
      const unlock = takeOwnerLock(join(path, 'owner.lock'));
      if (unlock === undefined) throw new Error('another process is using it');
      this.#unlock = unlock;
      this.#totals = new TotalsFile(join(path, 'totals.json'), bootId);
    } catch (cause) {
      throw new MemwardenError(
        'SPOOL_INVALID',
        `failed to use the spool directory ${path}: ${cause instanceof Error ? cause.message : cause}`,
        hintOr(cause, 'choose a directory that this user can write, one for each sidecar'),
        { cause },
      );
    }
  }

  /** The last process that used the spool has closed it. */
  get closedInOrder(): boolean {
    return this.#totals.found?.closed ?? false;
  }

  /** The totals of the totals file; undefined if they may be out of date, that is after a power cut. */
  get storedTotals(): SpoolTotals | undefined {
    const { found } = this.#totals;
    return found !== undefined && (found.closed || found.bootId === this.#bootId) ? found.totals : undefined;
  }

  write(totals: SpoolTotals): void {
    this.#totals.write(totals);
  }

  close(totals: SpoolTotals): void {
    this.#totals.close(totals);
    this.#unlock();
  }
}

import { closeSync, fsyncSync, readSync, writeSync } from 'node:fs';
import { openOwnFile } from '../../files/own-file.ts';
import type { SpoolTotals } from './totals.ts';

const FILE_BYTES = 512;

/** Content of the file. */
export interface WitnessedTotals {
  readonly totals: SpoolTotals;
  /** Boot in which it was written. After a reboot the file may be older than the last write, if the power was cut. */
  readonly bootId: string;
  /** The spool was closed and the file synchronised, so it is valid after a reboot too. */
  readonly closed: boolean;
}

/**
 * A second copy of the totals, outside of the database. With a damaged write-ahead log SQLite drops the last transactions
 * without an error, and with a damaged first page all of them; only a count in another file shows how many records that
 * were. It is written without fsync: the page cache survives the end of this process, and after a reboot the boot id
 * differs.
 *
 * The file must never have more pending records than the database. So it is written after a transaction that adds records
 * and before one that removes them.
 */
export class TotalsFile {
  readonly #file: number;
  readonly #bootId: string;
  /** The content when the file was opened; undefined when it was new or invalid. */
  readonly found: WitnessedTotals | undefined;

  /** @throws FileRefusal, Error of the file system. */
  constructor(path: string, bootId: string) {
    this.#bootId = bootId;
    this.#file = openOwnFile(path);
    this.found = readContent(this.#file);
  }

  write(totals: SpoolTotals): void {
    this.#put({ totals, bootId: this.#bootId, closed: false });
  }

  close(totals: SpoolTotals): void {
    this.#put({ totals, bootId: this.#bootId, closed: true });
    fsyncSync(this.#file);
    closeSync(this.#file);
  }

  #put(content: WitnessedTotals): void {
    // one write of a fixed size, so that no other process can read half of it
    writeSync(this.#file, `${JSON.stringify(content).padEnd(FILE_BYTES - 1)}\n`, 0);
  }
}

function readContent(file: number): WitnessedTotals | undefined {
  const buffer = Buffer.alloc(FILE_BYTES);
  const length = readSync(file, buffer, 0, FILE_BYTES, 0);
  let value: unknown;
  try {
    value = JSON.parse(buffer.toString('utf8', 0, length));
  } catch {
    // new, or damaged too
    return undefined;
  }
  return isValid(value) ? value : undefined;
}

function isValid(value: unknown): value is WitnessedTotals {
  if (typeof value !== 'object' || value === null) return false;
  const { totals, bootId, closed } = value as Partial<WitnessedTotals>;
  const numbers = [
    totals?.appended,
    totals?.accepted,
    totals?.refused,
    ...Object.values(totals?.evicted ?? {}),
  ];
  return (
    numbers.length === 6 &&
    numbers.every(Number.isSafeInteger) &&
    typeof bootId === 'string' &&
    typeof closed === 'boolean'
  );
}

import { closeSync, fsyncSync, readSync, writeSync } from 'node:fs';
import { openOwnFile } from '../../files/own-file.ts';
import type { SpoolTotals } from './totals.ts';

const FILE_BYTES = 512;

/** What the file held when it was opened. */
export interface WitnessedTotals {
  readonly totals: SpoolTotals;
  /** Boot during which it was written; another boot may not have found its last state on the disk. */
  readonly bootId: string;
  /** The spool was closed in good order, so the file is on the disk as it was. */
  readonly closed: boolean;
}

/**
 * A second witness of the totals, beside the database. A damaged write-ahead log makes SQLite forget its last
 * transactions without a word, and a damaged first page all of them: only a count kept elsewhere tells how many
 * records that were. It is written without waiting for the disk; the page cache outlives this process, and a power cut
 * is distinguished by the boot id.
 *
 * The file must never promise more waiting records than the database has. So it is written after a transaction that
 * adds records and before one that settles them.
 */
export class TotalsFile {
  readonly #file: number;
  readonly #bootId: string;
  /** Undefined when the file is new or unreadable. */
  readonly found: WitnessedTotals | undefined;

  /** @throws FileRefusal, Error of the file system. */
  constructor(path: string, bootId: string) {
    this.#bootId = bootId;
    this.#file = openOwnFile(path);
    this.found = readWitness(this.#file);
  }

  write(totals: SpoolTotals): void {
    this.#put({ totals, bootId: this.#bootId, closed: false });
  }

  close(totals: SpoolTotals): void {
    this.#put({ totals, bootId: this.#bootId, closed: true });
    fsyncSync(this.#file);
    closeSync(this.#file);
  }

  #put(witness: WitnessedTotals): void {
    // One write of one fixed size: another process never sees half of it.
    writeSync(this.#file, `${JSON.stringify(witness).padEnd(FILE_BYTES - 1)}\n`, 0);
  }
}

function readWitness(file: number): WitnessedTotals | undefined {
  const buffer = Buffer.alloc(FILE_BYTES);
  const length = readSync(file, buffer, 0, FILE_BYTES, 0);
  let value: unknown;
  try {
    value = JSON.parse(buffer.toString('utf8', 0, length));
  } catch {
    // New, or damaged as well: there is no second witness this time.
    return undefined;
  }
  return isWitness(value) ? value : undefined;
}

function isWitness(value: unknown): value is WitnessedTotals {
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

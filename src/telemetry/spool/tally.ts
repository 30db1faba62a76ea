import type { Severity } from '../../detect/detection.ts';

/** Records and bytes of one severity. */
export interface Amount {
  readonly severity: Severity;
  readonly records: number;
  readonly bytes: number;
}

/** Sums over batches by severity, so that the database need not be queried for them. */
export class Tally {
  readonly #records: [number, number, number, number] = [0, 0, 0, 0];
  #bytes = 0;

  constructor(amounts: readonly Amount[]) {
    for (const amount of amounts) this.add(amount);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Records of severity `from` and higher. */
  records(from: Severity = 0): number {
    return this.#records.slice(from).reduce((sum, records) => sum + records, 0);
  }

  add({ severity, records, bytes }: Amount): void {
    this.#records[severity] += records;
    this.#bytes += bytes;
  }

  subtract({ severity, records, bytes }: Amount): void {
    this.#records[severity] -= records;
    this.#bytes -= bytes;
  }
}

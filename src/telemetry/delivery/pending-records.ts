import type { Severity } from '../../detect/detection.ts';
import type { Batch } from '../spool/batch.ts';

const INITIAL_BYTES = 16 * 1024;

/** Encoded records of one severity that are not in the spool yet, one behind the other in one buffer. */
export class PendingRecords {
  readonly #severity: Severity;
  #buffer = Buffer.alloc(0);
  #bytes = 0;
  #records = 0;
  #expectedBytes = INITIAL_BYTES;

  constructor(severity: Severity) {
    this.#severity = severity;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(record: Uint8Array): void {
    const end = this.#bytes + record.length;
    if (end > this.#buffer.length) this.#grow(Math.max(end, this.#buffer.length * 2, this.#expectedBytes));
    this.#buffer.set(record, this.#bytes);
    this.#bytes = end;
    this.#records += 1;
  }

  /** What was added since the last time; undefined when it is nothing. */
  take(): Batch | undefined {
    if (this.#records === 0) return undefined;
    const body = this.#buffer.subarray(0, this.#bytes);
    const batch = { severity: this.#severity, records: this.#records, body };
    // the batch keeps its bytes; in a storm the next one is about as large
    this.#buffer = Buffer.alloc(0);
    this.#expectedBytes = Math.ceil(this.#bytes * 1.1);
    this.#bytes = 0;
    this.#records = 0;
    return batch;
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(bytes);
    this.#buffer.copy(grown, 0, 0, this.#bytes);
    this.#buffer = grown;
  }
}

import type { Severity } from '../../detect/detection.ts';
import type { Memory } from '../otlp/buffer-pool.ts';
import { MessageWriter } from '../otlp/message-writer.ts';
import type { Batch } from '../spool/batch.ts';

const INITIAL_BYTES = 16 * 1024;
/** Free bytes in front of a body, for the head of a request: mostly the Resource. */
const ROOM_BYTES = 4 * 1024;

/** Most records and bytes of a batch; a single larger record is a batch of its own. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/** Encoded records of one severity that are not in the spool yet, contiguous in one buffer. */
export class PendingRecords {
  readonly #severity: Severity;
  readonly #limits: BatchLimits;
  readonly #memory: Memory;
  #writer: MessageWriter;
  #records = 0;
  #expectedBytes = INITIAL_BYTES;

  /** @param memory allocates the bodies of batches */
  constructor(severity: Severity, limits: BatchLimits, memory: Memory) {
    this.#severity = severity;
    this.#limits = limits;
    this.#memory = memory;
    this.#writer = new MessageWriter(0);
  }

  get records(): number {
    return this.#records;
  }

  /**
   * Adds a record, encoded in place. When `write` throws, no record is added and the error is thrown on.
   * @returns a batch, if one is full
   */
  add(write: (to: MessageWriter) => void): Batch | undefined {
    if (this.#records === 0) this.#writer = this.#begin(this.#expectedBytes);
    const start = this.#writer.length;
    try {
      write(this.#writer);
    } catch (error) {
      this.#writer.truncate(start);
      throw error;
    }
    if (this.#records > 0 && this.#writer.length > this.#limits.bytes) return this.#cutBefore(start);
    this.#records += 1;
    return this.#records >= this.#limits.records ? this.take() : undefined;
  }

  /** Ends the current batch and returns it; undefined when no record was added. */
  take(): Batch | undefined {
    if (this.#records === 0) return undefined;
    const body = this.#writer.bytes();
    const batch = { severity: this.#severity, records: this.#records, body };
    // the buffer belongs to the batch now; in a storm the next batch is about as large
    this.#expectedBytes = Math.ceil(body.length * 1.1);
    this.#writer = new MessageWriter(0);
    this.#records = 0;
    return batch;
  }

  /** Ends the batch before its last record, which does not fit, and begins the next batch with that record. */
  #cutBefore(start: number): Batch | undefined {
    const record = this.#writer.bytes().subarray(start);
    this.#writer.truncate(start);
    const batch = this.take();
    this.#writer = this.#begin(Math.max(this.#expectedBytes, record.length));
    this.#writer.raw(record);
    this.#records = 1;
    return batch;
  }

  #begin(bytes: number): MessageWriter {
    return new MessageWriter(bytes, this.#memory, ROOM_BYTES);
  }
}

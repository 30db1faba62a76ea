import type { Writable } from 'node:stream';
import { diag } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { DeliveryCounts } from '../delivery-counts.ts';
import type { DurableLogRecordProcessor } from '../durable-processor.ts';
import { noTotals } from '../spool/totals.ts';
import type { LineFormat } from './line-format.ts';

const logger = diag.createComponentLogger({ namespace: 'console' });

/**
 * Writes records to a stream, a line each. A reader that is slow slows `persist`, and with it the reading of the ring
 * buffer: what is kept in memory is bounded by one drain. A reader that has gone (EPIPE) ends the output for good.
 */
export class ConsoleProcessor implements DurableLogRecordProcessor {
  readonly #stream: Writable;
  readonly #format: LineFormat;
  readonly #onClosed: () => void;
  #closed = false;
  #emitted = 0;
  #pending = 0;
  #written = 0;
  #refused = 0;

  /** @param onClosed called once, when nobody reads the stream any more. */
  constructor(stream: Writable, format: LineFormat, onClosed: () => void) {
    this.#stream = stream;
    this.#format = format;
    this.#onClosed = onClosed;
    stream.on('error', error => this.#close(error));
  }

  onEmit(record: ReadableLogRecord): void {
    this.#emitted++;
    if (this.#closed) {
      this.#refused++;
      return;
    }
    this.#stream.write(`${this.#format(record)}\n`);
    this.#pending++;
  }

  async persist(): Promise<void> {
    const records = this.#pending;
    if (records === 0) return;
    // The callback of an empty write comes after those of all writes before it.
    const failed = await new Promise<unknown>(resolve => this.#stream.write('', resolve));
    this.#pending -= records;
    if (failed instanceof Error) this.#refused += records;
    else this.#written += records;
  }

  forceFlush(): Promise<void> {
    return this.persist();
  }

  shutdown(): Promise<void> {
    return this.persist();
  }

  counts(): DeliveryCounts {
    const accepted = this.#written;
    const spooled = this.#pending;
    const refused = this.#refused;
    return {
      emitted: this.#emitted,
      inherited: 0,
      accepted,
      spooled,
      refused,
      evicted: noTotals().evicted,
    };
  }

  #close(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    logger.warn(`failed to write records to the console: ${error.message}; nobody reads them any more`);
    this.#onClosed();
  }
}

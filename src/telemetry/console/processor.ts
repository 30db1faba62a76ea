import { setTimeout as delay } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { RecordOutput } from '../../standard-streams/record-output.ts';
import type { DeliveryCounts } from '../delivery-counts.ts';
import type { DeliveryProblems, DurableLogRecordProcessor } from '../durable-processor.ts';
import { noTotals } from '../spool/totals.ts';
import type { LineFormat } from './line-format.ts';

const logger = diag.createComponentLogger({ namespace: 'console' });

const LINE_END = 0x0a;
/** When a write to stdout has waited this long for the reader, ms, `/readyz` reports it as a problem. */
const PATIENCE_MILLIS = 10_000;

/**
 * Writes records to stdout, one line each. A slow reader makes `persist` wait and with it the reading of the ring buffer,
 * so the memory is bounded by the events of one drain. When the reader closes the pipe, no more is written. After any
 * other error (a full disk) the next records are tried again, and those that could not be written are counted.
 */
export class ConsoleProcessor implements DurableLogRecordProcessor {
  shutdownMillis = PATIENCE_MILLIS;
  readonly #output: RecordOutput;
  readonly #format: LineFormat;
  readonly #onClosed: () => void;
  #lines: string[] = [];
  #closed = false;
  #emitted = 0;
  #written = 0;
  #unwritten = 0;
  /** Of `#unwritten`, the records that failed while the output still had a reader. */
  #lost = 0;
  /** The last write ended in the middle of a line. */
  #isTorn = false;
  #failure: { readonly reason: string; readonly lostBefore: number } | undefined;
  #waitingSince: number | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param onClosed called once, when the reader has closed the output. */
  constructor(output: RecordOutput, format: LineFormat, onClosed: () => void) {
    this.#output = output;
    this.#format = format;
    this.#onClosed = onClosed;
  }

  onEmit(record: ReadableLogRecord): void {
    this.#emitted++;
    if (this.#closed) this.#unwritten++;
    else this.#lines.push(`${this.#format(record)}\n`);
  }

  persist(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  forceFlush(): Promise<void> {
    return this.persist();
  }

  stopWaiting(): void {
    this.#output.abandon();
  }

  async shutdown(deadlineMillis = this.shutdownMillis): Promise<void> {
    const persisted = this.persist();
    await Promise.race([persisted, delay(deadlineMillis, undefined, { ref: false })]);
    this.#output.abandon();
    await persisted;
    if (this.#lost > 0) logger.error(`${this.#lost} records could not be written to stdout and are lost`);
  }

  get lost(): number {
    return this.#lost;
  }

  counts(): DeliveryCounts {
    return {
      emitted: this.#emitted,
      inherited: 0,
      accepted: this.#written,
      spooled: this.#emitted - this.#written - this.#unwritten,
      refused: 0,
      evicted: { ...noTotals().evicted, output: this.#unwritten },
    };
  }

  problems(): DeliveryProblems {
    const waitedMillis = performance.now() - (this.#waitingSince ?? Number.POSITIVE_INFINITY);
    const reason =
      this.#failure?.reason ??
      (waitedMillis > PATIENCE_MILLIS
        ? `stdout has not been read for ${Math.floor(waitedMillis / 1_000)} s`
        : undefined);
    return { spool: reason, collector: undefined };
  }

  async #write(): Promise<void> {
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    if (this.#closed) {
      this.#unwritten += lines.length;
      return;
    }
    const block = Buffer.from((this.#isTorn ? '\n' : '') + lines.join(''));
    const torn = this.#isTorn ? 1 : 0;
    this.#waitingSince = performance.now();
    const { bytes, error } = await this.#output.write(block);
    this.#waitingSince = undefined;
    const complete = error === undefined ? lines.length : completeIn(bytes - torn, lines);
    if (bytes > 0) this.#isTorn = block[bytes - 1] !== LINE_END;
    this.#written += complete;
    this.#unwritten += lines.length - complete;
    if (error === undefined) this.#recovered();
    else if (this.#output.isReaderGone(error)) this.#close(error);
    else this.#failed(error, lines.length - complete);
  }

  #failed(error: Error, records: number): void {
    const lostBefore = this.#lost;
    this.#lost += records;
    if (this.#failure !== undefined) return;
    this.#failure = { reason: `failed to write records to stdout: ${error.message}`, lostBefore };
    logger.error(`${this.#failure.reason}; they are counted as lost until it can be written again`);
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    logger.warn(`stdout can be written again; ${this.#lost - this.#failure.lostBefore} records are lost`);
    this.#failure = undefined;
  }

  #close(error: Error): void {
    this.#closed = true;
    this.#failure = undefined;
    logger.warn(`failed to write records to stdout: ${error.message}; its reader has closed it`);
    this.#onClosed();
  }
}

/** How many records are complete in the first `bytes` of the text; a readable record can have several lines. */
function completeIn(bytes: number, records: readonly string[]): number {
  let end = 0;
  const cut = records.findIndex(record => {
    end += Buffer.byteLength(record);
    return end > bytes;
  });
  return cut === -1 ? records.length : cut;
}

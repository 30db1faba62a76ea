import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Checkpoint, CheckpointChanges } from '../../checkpoint.ts';
import type { Detection, Severity } from '../../detect/detection.ts';
import { MemwardenError } from '../../errors.ts';
import type { Backlog, DeliveryCounts } from '../delivery-counts.ts';
import type { DeliveryProblems, DurableLogRecordProcessor } from '../durable-processor.ts';
import type { DeliveryOptions } from '../options.ts';
import type { Memory } from '../otlp/buffer-pool.ts';
import type { DetectionEncoder } from '../otlp/detection-encoder.ts';
import { writeLogRecord } from '../otlp/log-encoder.ts';
import type { MessageWriter } from '../otlp/message-writer.ts';
import { MEMWARDEN } from '../record/attributes.ts';
import type { Batch } from '../spool/batch.ts';
import type { Spool } from '../spool/spool.ts';
import { contextOf } from './log-context.ts';
import { PendingRecords } from './pending-records.ts';
import type { Sender } from './sender.ts';

const logger = diag.createComponentLogger({ namespace: 'otlp' });

/** Wait before the next attempt to write the spool after a failure (disk full), ms. */
const SPOOL_RETRY_MILLIS = 1_000;

/** Encodes records as they are emitted, spools them on `persist`, and wakes the sender. */
export class OtlpProcessor implements DurableLogRecordProcessor {
  shutdownMillis: number;
  readonly #detections: DetectionEncoder;
  readonly #spool: Spool;
  readonly #sender: Sender;
  readonly #options: DeliveryOptions;
  readonly #memory: Memory;
  readonly #pending = new Map<Severity, PendingRecords>();
  #batches: Batch[] = [];
  #checkpoint = new Map<string, Uint8Array | null>();
  /** Some changes of `#checkpoint` must be written even when there is no batch. */
  #checkpointMatters = false;
  #emitted = 0;
  #unencodable = 0;
  #spoolProblem: string | undefined;
  #isHurried = false;
  #stopped = false;
  #lost = 0;
  #writing: Promise<void> = Promise.resolve();

  /** @param memory allocates the bodies of batches; the sender returns them to it */
  constructor(
    detections: DetectionEncoder,
    spool: Spool,
    sender: Sender,
    options: DeliveryOptions,
    memory: Memory,
  ) {
    this.#detections = detections;
    this.#spool = spool;
    this.#sender = sender;
    this.#options = options;
    this.shutdownMillis = options.retryMaxMillis;
    this.#memory = memory;
  }

  onEmit(record: ReadableLogRecord): void {
    this.#take(severityOf(record), to => writeLogRecord(to, record));
  }

  onDetection(detection: Detection): void {
    this.#take(detection.severity, to => this.#detections.write(to, detection));
  }

  /** Waits while the spool cannot be written. Meanwhile the events stay in the ring buffer; the kernel counts its drops. */
  persist(): Promise<void> {
    const writing = this.#writing.then(() => this.#write());
    // a failure rejects for this caller only; the next call tries again
    this.#writing = writing.catch(() => undefined);
    return writing;
  }

  stopWaiting(): void {
    this.#isHurried = true;
  }

  saveCheckpoint(changes: CheckpointChanges, force: boolean): void {
    for (const [name, value] of changes) this.#checkpoint.set(name, value);
    this.#checkpointMatters ||= force && changes.size > 0;
  }

  setResource(resource: Resource): void {
    this.#spool.setContext(contextOf(resource));
  }

  get checkpoint(): Checkpoint {
    return this.#spool.checkpoint;
  }

  async forceFlush(): Promise<void> {
    await this.persist();
    await this.#sender.flush();
  }

  async shutdown(deadlineMillis = this.shutdownMillis): Promise<void> {
    const end = performance.now() + deadlineMillis;
    // a pending persist may outlive the deadline: unref'd, so that the timer does not keep the process alive
    const persisted = this.persist().catch((error: unknown) =>
      logger.debug('failed to spool the last records', error),
    );
    await Promise.race([persisted, delay(deadlineMillis, undefined, { ref: false })]);
    await this.#sender.stop(Math.max(end - performance.now(), 0));
    this.#stopped = true;
    this.#lost = this.#unspooled();
    if (this.#lost > 0)
      logger.error(`${this.#lost} records could not be spooled before the end and are lost`);
    this.#spool.close();
  }

  counts(): DeliveryCounts {
    const { accepted, refused, evicted } = this.#spool.changes;
    return {
      emitted: this.#emitted,
      inherited: this.#spool.inherited,
      accepted,
      spooled: this.#spool.waiting.records + this.#unspooled(),
      refused: refused + this.#unencodable,
      evicted: { ...evicted, output: 0 },
    };
  }

  get lost(): number {
    return this.#lost;
  }

  backlog(): Backlog {
    const { records, bytes } = this.#spool.waiting;
    return {
      bytes,
      oldestAgeSeconds: this.#spool.oldestAgeMillis() / 1_000,
      inFlight: records - this.#spool.unclaimed(),
    };
  }

  problems(): DeliveryProblems {
    return { spool: this.#spoolProblem, collector: this.#sender.problem };
  }

  #take(severity: Severity, write: (to: MessageWriter) => void): void {
    this.#emitted += 1;
    let pending = this.#pending.get(severity);
    if (pending === undefined) {
      const { maxExportBatchSize: records, maxRequestBytes: bytes } = this.#options;
      pending = new PendingRecords(severity, { records, bytes }, this.#memory);
      this.#pending.set(severity, pending);
    }
    try {
      const full = pending.add(write);
      if (full !== undefined) this.#batches.push(full);
    } catch (error) {
      this.#unencodable += 1;
      logger.error('failed to encode a record; it is counted as refused', error);
    }
  }

  async #write(): Promise<void> {
    while (this.#hasWork() && !this.#stopped) {
      // cut in each attempt: a checkpoint entry must not be written before the records that were emitted ahead of it
      for (const pending of this.#pending.values()) this.#cut(pending);
      try {
        this.#spool.append(this.#batches, this.#checkpoint);
        this.#batches = [];
        this.#checkpoint.clear();
        this.#checkpointMatters = false;
        if (this.#spoolProblem !== undefined) logger.info('the spool can be written again');
        this.#spoolProblem = undefined;
      } catch (error) {
        if (!(error instanceof MemwardenError)) throw error;
        if (this.#spoolProblem === undefined)
          logger.error(`${error.message}; the kernel keeps the events until it can be written`);
        this.#spoolProblem = error.message;
        this.#sender.wake();
        if (this.#isHurried) throw error;
        await delay(SPOOL_RETRY_MILLIS);
      }
    }
    if (!this.#stopped) this.#sender.wake();
  }

  #unspooled(): number {
    return this.#pending.values().reduce((sum, { records }) => sum + records, recordsOf(this.#batches));
  }

  #hasWork(): boolean {
    return (
      this.#checkpointMatters ||
      this.#batches.length > 0 ||
      this.#pending.values().some(({ records }) => records > 0)
    );
  }

  #cut(pending: PendingRecords): void {
    const batch = pending.take();
    if (batch !== undefined) this.#batches.push(batch);
  }
}

/** Severity by the record's own attribute; 0 without it. */
function severityOf({ attributes }: ReadableLogRecord): Severity {
  const value = attributes[MEMWARDEN.SEVERITY];
  return value === 1 || value === 2 || value === 3 ? value : 0;
}

function recordsOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { records }) => sum + records, 0);
}

import { performance } from 'node:perf_hooks';
import { diag } from '@opentelemetry/api';
import { MemwardenError } from '../../errors.ts';
import type { DeliveryOptions } from '../options.ts';
import type { Memory } from '../otlp/buffer-pool.ts';
import type { ExportOutcome } from '../otlp/export-outcome.ts';
import {
  buildExportRequest,
  type LogContext,
  requestOverhead,
  splitRecords,
} from '../otlp/export-request.ts';
import type { OtlpTransport } from '../otlp/transport.ts';
import type { Claim } from '../spool/batch.ts';
import type { Spool } from '../spool/spool.ts';
import { Backoff } from './backoff.ts';
import type { CollectorState } from './collector-state.ts';

const logger = diag.createComponentLogger({ namespace: 'otlp' });

const HIGH = 3;
/** Upper limit of a server's RetryInfo or Retry-After, ms: a wrong value must not stop delivery or overflow a timer. */
const ASKED_WAIT_MAX_MILLIS = 600_000;
/** Time between two evictions of expired records, ms. */
const EXPIRY_MILLIS = 60_000;

/** Sends the spool's batches to the collector: several requests at a time, with retries where OTLP allows them. */
export class Sender {
  readonly #spool: Spool;
  readonly #transport: OtlpTransport;
  readonly #options: DeliveryOptions;
  readonly #state: CollectorState;
  readonly #memory: Memory;
  readonly #backoff: Backoff;
  readonly #expiry: NodeJS.Timeout;
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #pausedUntil = 0;
  #oldestSince: number | undefined;
  #flushing = false;
  #stopped = false;

  /** @param memory allocates requests; requests and bodies are returned to it when the collector has accepted them */
  constructor(
    spool: Spool,
    transport: OtlpTransport,
    options: DeliveryOptions,
    state: CollectorState,
    memory: Memory,
  ) {
    this.#spool = spool;
    this.#transport = transport;
    this.#options = options;
    this.#state = state;
    this.#memory = memory;
    this.#backoff = new Backoff(options.retryInitialMillis, options.retryMaxMillis);
    this.#expiry = setInterval(() => this.#tryOnSpool(() => spool.evictExpired()), EXPIRY_MILLIS).unref();
  }

  /** Why the collector does not take records; undefined while it does. */
  get problem(): string | undefined {
    return this.#state.problem;
  }

  /** Must be called after an append. Sends HIGH records and full requests at once, others after the schedule delay. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#spool.unclaimed() > 0) this.#oldestSince ??= performance.now();
    this.#pump();
  }

  /**
   * Sends everything without the schedule delay. Resolves when the spool is empty, or when the collector does not take
   * records and the next attempt would have to wait.
   */
  async flush(): Promise<void> {
    this.#flushing = true;
    try {
      this.#pump();
      while (this.#inFlight.size > 0) {
        await Promise.race(this.#inFlight);
        this.#pump();
      }
    } finally {
      this.#flushing = false;
    }
  }

  /** Flushes for at most `deadlineMillis`, then stops; records in flight at that moment stay in the spool. */
  async stop(deadlineMillis: number): Promise<void> {
    clearInterval(this.#expiry);
    const { promise: deadline, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadlineMillis);
    await Promise.race([this.flush(), deadline]);
    clearTimeout(timer);
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#transport.close();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    if (this.#stopped || this.#spool.unclaimed() === 0) return;
    if (now < this.#pausedUntil) {
      this.#pumpAfter(this.#pausedUntil - now);
      return;
    }
    // while the collector has a problem, one request probes for all
    const most =
      this.#state.problem === undefined && !this.#options.preserveOrder ? this.#options.maxInFlight : 1;
    while (this.#spool.unclaimed() > 0 && this.#inFlight.size < most && this.#isDue(now)) {
      const claim = this.#tryOnSpool(() =>
        this.#spool.claim({
          records: this.#options.maxExportBatchSize,
          bytes: this.#options.maxRequestBytes,
          inOrder: this.#options.preserveOrder,
        }),
      );
      if (claim === undefined) {
        this.#pumpAfter(this.#options.retryInitialMillis);
        return;
      }
      this.#dispatch(claim);
    }
    if (this.#spool.unclaimed() === 0) this.#oldestSince = undefined;
    else if (this.#inFlight.size < most) this.#pumpAfter(this.#dueIn(now));
  }

  #pumpAfter(millis: number): void {
    this.#timer = setTimeout(() => this.#pump(), Math.ceil(millis));
  }

  #isDue(now: number): boolean {
    const { maxExportBatchSize } = this.#options;
    return (
      this.#flushing ||
      this.#spool.unclaimed(HIGH) > 0 ||
      this.#spool.unclaimed() >= maxExportBatchSize ||
      this.#dueIn(now) <= 0
    );
  }

  #dueIn(now: number): number {
    return (this.#oldestSince ?? now) + this.#options.scheduleDelayMillis - now;
  }

  #dispatch(claim: Claim): void {
    const work = this.#deliver(claim).finally(() => {
      this.#inFlight.delete(work);
      if (!this.#flushing) this.#pump();
    });
    this.#inFlight.add(work);
  }

  async #deliver(claim: Claim): Promise<void> {
    const outcome = await this.#send(claim.context, claim.bodies);
    if (this.#stopped) return;
    switch (outcome.kind) {
      case 'accepted':
        this.#backoff.reset();
        this.#state.answered(outcome.rejected, outcome.message);
        this.#spool.accept(claim, outcome.rejected);
        for (const body of claim.bodies) this.#memory.give(body);
        return;
      case 'retry':
        this.#release(claim, outcome.reason, outcome.delayMillis);
        return;
      case 'refused':
        if (outcome.blame === 'size' && claim.records > 1) {
          await this.#deliverInParts(claim);
        } else if (outcome.blame === 'connection') {
          // a person has to correct an expired token or a wrong address; the records wait until then
          this.#release(claim, outcome.reason, this.#options.retryMaxMillis);
        } else {
          this.#state.refused(claim.records, outcome.reason);
          this.#spool.refuse(claim, outcome);
        }
    }
  }

  async #send(context: LogContext, bodies: readonly Uint8Array[]): Promise<ExportOutcome> {
    const request = buildExportRequest(context, bodies, this.#memory);
    const outcome = await this.#transport.send(request);
    // without an answer the transport may still be sending the buffer; a request in a body's own buffer is returned with it
    if (outcome.kind === 'accepted' && !bodies.some(({ buffer }) => buffer === request.buffer))
      this.#memory.give(request);
    return outcome;
  }

  #release(claim: Claim, reason: string, delayMillis: number | undefined): void {
    this.#state.failed(reason);
    this.#spool.release(claim);
    this.#oldestSince ??= performance.now();
    const now = performance.now();
    // a delay of 0 counts as none: otherwise requests would follow each other without any wait
    const asked = Math.min(delayMillis ?? 0, ASKED_WAIT_MAX_MILLIS);
    if (asked > 0) this.#pausedUntil = Math.max(this.#pausedUntil, now + asked);
    // requests that were in flight together fail together: one step of the backoff for all of them
    else if (now >= this.#pausedUntil) this.#pausedUntil = now + this.#backoff.next();
  }

  /** Logs an error of the spool, which would end the process if a timer's callback threw it; the caller tries again. */
  #tryOnSpool<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof MemwardenError)) throw error;
      logger.error(error.message);
      return undefined;
    }
  }

  /**
   * Sends a claim that is too large for the server in smaller requests: halves them until they fit. A single record that is
   * too large counts as rejected. If the collector fails in between, all records are sent again, each with its uid.
   */
  async #deliverInParts(claim: Claim): Promise<void> {
    const records = claim.bodies.flatMap(splitRecords);
    const overhead = requestOverhead(claim.context);
    let size = Math.ceil(records.length / 2);
    let rejected = 0;
    let message = '';
    for (let at = 0; at < records.length; ) {
      const part = records.slice(at, at + size);
      const outcome = await this.#send(claim.context, part);
      if (this.#stopped) return;
      if (outcome.kind === 'refused' && outcome.blame === 'size' && part.length > 1) {
        size = Math.ceil(part.length / 2);
        continue;
      }
      if (outcome.kind === 'retry' || (outcome.kind === 'refused' && outcome.blame === 'connection')) {
        this.#release(claim, outcome.reason, undefined);
        return;
      }
      if (outcome.kind === 'refused') {
        rejected += part.length;
        message = `${outcome.reason} (${overhead + (part[0]?.length ?? 0)} bytes)`;
      } else if (outcome.rejected > 0) {
        rejected += outcome.rejected;
        message = outcome.message;
      }
      at += part.length;
    }
    this.#backoff.reset();
    this.#state.answered(rejected, message);
    this.#spool.accept(claim, rejected);
  }
}

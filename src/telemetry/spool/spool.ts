import { performance } from 'node:perf_hooks';
import { crc32 } from 'node:zlib';
import { diag } from '@opentelemetry/api';
import type { Checkpoint, CheckpointChanges } from '../../checkpoint.ts';
import type { Severity } from '../../detect/detection.ts';
import { MemwardenError } from '../../errors.ts';
import type { LogContext } from '../otlp/export-request.ts';
import type { Batch, Claim, ClaimLimits, Refusal } from './batch.ts';
import type { BatchContent, BatchRow, BatchTable } from './batch-table.ts';
import { type FreshBatch, FreshBodies } from './fresh-bodies.ts';
import type { SpoolOptions } from './options.ts';
import { chooseToEvict, chooseToSend } from './selection.ts';
import type { SpoolDirectory } from './spool-directory.ts';
import { SpoolFile } from './spool-file.ts';
import { packBody, unpackBody } from './stored-body.ts';
import { type Amount, Tally } from './tally.ts';
import { noTotals, readTotals, type SpoolTotals, totalsSince, waitingOf, writeTotals } from './totals.ts';

const logger = diag.createComponentLogger({ namespace: 'spool' });

const NO_CHANGES: CheckpointChanges = new Map();

/** A batch in a request in flight, with all that is needed to write it again if the file is damaged meanwhile. */
interface Claimed {
  readonly row: BatchRow;
  readonly content: BatchContent;
  readonly context: LogContext;
}

/** The change to the database after an answer of the collector. */
type Settlement = (table: BatchTable) => void;

/**
 * The durable, bounded queue of encoded batches between the kernel and the collector. A record that was appended is
 * accepted, refused, evicted or pending; `totals` has the count of each, across restarts and damage.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #directory: SpoolDirectory | undefined;
  readonly #file: SpoolFile;
  #context: LogContext;
  readonly #claimed = new Map<number, Claimed>();
  /** Answered batches that are still in the database, because it could not be written. */
  readonly #settled = new Set<number>();
  #settlements: Settlement[] = [];
  #lastId = 0;
  /** The current failure of the disk has been logged. */
  #hasWarned = false;
  #totals: SpoolTotals = noTotals();
  #totalsAtStart: SpoolTotals = noTotals();
  #waiting = new Tally([]);
  #unclaimed = new Tally([]);
  readonly #fresh = new FreshBodies();
  readonly #isClaimed = (id: number): boolean => this.#claimed.has(id);
  readonly #isSettled = (id: number): boolean => this.#settled.has(id);
  readonly #taken = (id: number): boolean => this.#isClaimed(id) || this.#isSettled(id);
  readonly #clockZero = Date.now() - performance.now();

  /**
   * @param context Resource and scope of the batches that this process appends
   * @param directory directory of the spool; undefined: in memory, lost with the process
   * @throws MemwardenError SPOOL_INVALID
   */
  constructor(options: SpoolOptions, context: LogContext, directory: SpoolDirectory | undefined) {
    this.#options = options;
    this.#context = context;
    this.#directory = directory;
    const check = directory !== undefined && !directory.closedInOrder;
    this.#file = new SpoolFile(directory?.databasePath ?? ':memory:', check, table => this.#recount(table));
    this.#file.run('read', table => this.#open(table));
    this.evictExpired();
  }

  /** Pending records and their bytes, including those in flight. */
  get waiting(): { readonly records: number; readonly bytes: number } {
    return { records: this.#waiting.records(), bytes: this.#waiting.bytes };
  }

  get totals(): Readonly<SpoolTotals> {
    return this.#totals;
  }

  /** Sets Resource and scope of the batches that are appended from now on. */
  setContext(context: LogContext): void {
    this.#context = context;
  }

  /** The checkpoint that `append` has saved, also in earlier processes. */
  get checkpoint(): Checkpoint {
    return this.#file.run('read', table => table.checkpoint());
  }

  /** The changes of the totals since the spool was opened. */
  get changes(): Readonly<SpoolTotals> {
    return totalsSince(this.#totalsAtStart, this.#totals);
  }

  /** Records that were pending when the spool was opened, including those that turned out to be lost by damage. */
  get inherited(): number {
    return waitingOf(this.#totalsAtStart);
  }

  /** Age of the oldest pending record, ms; 0 without one. @throws MemwardenError SPOOL_INVALID */
  oldestAgeMillis(): number {
    const created = this.#file.run('read', table => table.oldest());
    return created === undefined ? 0 : Math.max(0, this.#now() - created);
  }

  /** Pending records that no request has claimed, of severity `from` and higher. */
  unclaimed(from: Severity = 0): number {
    return this.#unclaimed.records(from);
  }

  /**
   * Writes batches; when it returns they are on the disk. Makes room by evicting the oldest of the lowest severity.
   *
   * @param checkpoint written in the same transaction.
   * @throws MemwardenError SPOOL_INVALID when the disk is full or missing; then nothing was written.
   */
  append(batches: readonly Batch[], checkpoint: CheckpointChanges = NO_CHANGES): void {
    const contents = batches.map(batch => this.#contentOf(batch));
    const { totals, evicted, added } = this.#file.run('write to', table =>
      table.transaction(true, () => {
        const totals = structuredClone(this.#totals);
        const context = table.contextId(this.#context);
        const added = contents.map(content => {
          const row = { ...content, context };
          this.#lastId = table.insert(row);
          return { id: this.#lastId, content: row };
        });
        table.changeCheckpoint(checkpoint);
        totals.appended += recordsOf(contents);
        const excess = this.#waiting.bytes + bytesOf(contents) - this.#options.maxBytes;
        const evicted = chooseToEvict(table, excess, this.#isClaimed, this.#isSettled);
        for (const { id } of evicted) table.remove(id);
        totals.evicted.size += recordsOf(evicted);
        writeTotals(table, totals);
        return { totals, evicted, added };
      }),
    );
    this.#totals = totals;
    this.#directory?.write(totals);
    added.forEach(({ id, content }, i) => {
      this.#add(content);
      this.#fresh.add(id, { content, body: batches[i]?.body ?? unpackBody(content.body) });
    });
    for (const row of evicted) {
      this.#subtract(row);
      this.#fresh.remove(row.id);
    }
    if (evicted.length > 0) logger.warn(`the spool is full: ${recordsOf(evicted)} records were given up`);
  }

  /** Claims batches for one request: the most severe first, or the oldest. Undefined when none is unclaimed. */
  claim(limits: ClaimLimits): Claim | undefined {
    while (this.unclaimed() > 0) {
      const claim = this.#file.run('read', table => this.#take(table, limits));
      if (claim.ids.length > 0) return claim;
    }
    return undefined;
  }

  /** The collector has accepted the batches except `rejected` of their records. */
  accept(claim: Claim, rejected: number): void {
    const rows = this.#unclaim(claim);
    const refused = Math.min(rejected, claim.records);
    this.#totals.accepted += claim.records - refused;
    this.#totals.refused += refused;
    this.#settle(rows, table => {
      for (const { id } of rows) table.remove(id);
    });
  }

  /** The collector has refused the batches: moves them to the refused ones, of which the oldest are deleted for room. */
  refuse(claim: Claim, refusal: Refusal): void {
    this.#refuse(this.#unclaim(claim), refusal);
  }

  /** The request has failed: the batches can be claimed again. */
  release(claim: Claim): void {
    for (const row of this.#unclaim(claim)) this.#unclaimed.add(row);
  }

  /** Evicts the batches that are older than allowed. */
  evictExpired(): void {
    const oldest = this.#now() - this.#options.maxAgeMillis;
    const expired = this.#file.run('read', table => table.expired(oldest));
    const rows = expired.filter(({ id }) => !this.#taken(id));
    if (rows.length === 0) return;
    for (const row of rows) this.#unclaimed.subtract(row);
    this.#totals.evicted.age += recordsOf(rows);
    this.#settle(rows, table => {
      for (const { id } of rows) table.remove(id);
    });
    logger.warn(`${recordsOf(rows)} records waited longer than allowed and were given up`);
  }

  /** Closes the file; the next process finds the pending batches in it. */
  close(): void {
    this.#file.close();
    this.#directory?.close(this.#totals);
  }

  /** Compares the batches in the file with the totals when the spool is opened. */
  #open(table: BatchTable): void {
    const damaged = this.#file.openedDamaged;
    const found = recordsOf(table.sums());
    const storedTotals = this.#directory?.storedTotals;
    this.#totals = readTotals(table);
    // the totals in the database are exact unless its last transactions are lost
    if (storedTotals !== undefined && (damaged || waitingOf(storedTotals) > found))
      this.#totals = structuredClone(storedTotals);
    this.#totalsAtStart = structuredClone(this.#totals);
    this.#recount(table);
    table.transaction(false, () => table.trimContexts(table.contextId(this.#context)));
  }

  /** Recomputes the tallies for a table that was opened or replaced, and counts missing records as lost. */
  #recount(table: BatchTable): void {
    table.transaction(true, () => {
      for (const id of this.#settled) table.remove(id);
      for (const [id, { content, context }] of this.#claimed) {
        if (table.read(id) === undefined) table.insert({ ...content, context: table.contextId(context) }, id);
      }
      table.reserveIds(this.#lastId);
      this.#waiting = new Tally(table.sums());
      const missing = waitingOf(this.#totals) - this.#waiting.records();
      if (missing > 0) {
        this.#totals.evicted.corruption += missing;
        logger.error(`${missing} records were lost with damaged parts of the spool`);
      } else {
        // more batches were saved from a damaged file than its totals say: they count as appended
        this.#totals.appended -= missing;
        this.#totalsAtStart.appended -= missing;
      }
      writeTotals(table, this.#totals);
    });
    this.#settled.clear();
    this.#settlements = [];
    this.#unclaimed = new Tally(table.sums());
    for (const { row } of this.#claimed.values()) this.#unclaimed.subtract(row);
    this.#directory?.write(this.#totals);
  }

  #take(table: BatchTable, limits: ClaimLimits): Claim {
    const rows = chooseToSend(table, limits, this.#taken);
    const context = table.context(rows[0]?.context ?? 0);
    const claimed: (Claimed & FreshBatch)[] = [];
    const damaged: BatchRow[] = [];
    for (const row of rows) {
      const batch = this.#fresh.get(row.id) ?? readIntact(table, row.id);
      if (batch && context) claimed.push({ row, context, ...batch });
      else damaged.push(row);
    }
    // only now, because everything above runs again when it finds the file damaged
    for (const row of rows) {
      this.#unclaimed.subtract(row);
      this.#fresh.remove(row.id);
    }
    for (const { row, context, content } of claimed) this.#claimed.set(row.id, { row, context, content });
    if (damaged.length > 0) {
      logger.error(`${recordsOf(damaged)} records in the spool are damaged and were set aside`);
      this.#refuse(damaged, { code: 'CHECKSUM', reason: 'the spooled bytes changed on the disk' });
    }
    return {
      ids: claimed.map(({ row }) => row.id),
      context: context ?? this.#context,
      bodies: claimed.map(({ body }) => body),
      records: recordsOf(claimed.map(({ row }) => row)),
    };
  }

  #contentOf({ severity, records, body }: Batch): Omit<BatchContent, 'context'> {
    const packed = packBody(body);
    const row = { severity, records, bytes: body.length, created: this.#now(), attempts: 0 };
    return { ...row, checksum: crc32(packed), body: packed };
  }

  #refuse(rows: readonly BatchRow[], refusal: Refusal): void {
    this.#totals.refused += recordsOf(rows);
    this.#settle(rows, table => {
      for (const { id } of rows) table.refuse(id, refusal);
      table.trimRefused(this.#options.maxRefusedBytes);
    });
  }

  /**
   * Removes answered batches from the counts, then from the database. If the database cannot be written (on a full disk even
   * deletions fail), they are remembered, so that they are not sent again, and are removed together with the next ones.
   */
  #settle(rows: readonly BatchRow[], settlement: Settlement): void {
    for (const row of rows) {
      this.#waiting.subtract(row);
      this.#settled.add(row.id);
    }
    this.#settlements.push(settlement);
    this.#directory?.write(this.#totals);
    try {
      this.#file.run('write to', table => {
        table.transaction(false, () => {
          for (const settle of this.#settlements) settle(table);
          writeTotals(table, this.#totals);
        });
        this.#file.shrink();
      });
      this.#settlements = [];
      this.#settled.clear();
      this.#hasWarned = false;
    } catch (error) {
      if (!(error instanceof MemwardenError)) throw error;
      if (this.#waiting.records() === 0 && this.#directory !== undefined) this.#startOver();
      else if (!this.#hasWarned)
        logger.warn(`${error.message}; answered batches are remembered in memory until it can be written`);
      this.#hasWarned = true;
    }
  }

  /** Replaces the file by one that has only the checkpoint, for which there is room then. */
  #startOver(): void {
    try {
      const { checkpoint } = this;
      this.#file.startOver();
      this.#file.run('write to', table => table.transaction(true, () => table.changeCheckpoint(checkpoint)));
    } catch (error) {
      if (!(error instanceof MemwardenError)) throw error;
      logger.error(error.message);
    }
  }

  #unclaim({ ids }: Claim): BatchRow[] {
    const rows: BatchRow[] = [];
    for (const id of ids) {
      const claimed = this.#claimed.get(id);
      if (claimed !== undefined) rows.push(claimed.row);
      this.#claimed.delete(id);
    }
    return rows;
  }

  #add(amount: Amount): void {
    this.#waiting.add(amount);
    this.#unclaimed.add(amount);
  }

  #subtract(amount: Amount): void {
    this.#waiting.subtract(amount);
    this.#unclaimed.subtract(amount);
  }

  /** ms since the Unix epoch by the clock at the time of opening: a later change of the clock ages no batch. */
  #now(): number {
    return Math.trunc(this.#clockZero + performance.now());
  }
}

/** A batch from the database; undefined when it is missing or its bytes changed. */
function readIntact(table: BatchTable, id: number): FreshBatch | undefined {
  const content = table.read(id);
  if (content === undefined || crc32(content.body) !== content.checksum) return undefined;
  return { content, body: unpackBody(content.body) };
}

function recordsOf(amounts: readonly { readonly records: number }[]): number {
  return amounts.reduce((sum, { records }) => sum + records, 0);
}

function bytesOf(amounts: readonly { readonly bytes: number }[]): number {
  return amounts.reduce((sum, { bytes }) => sum + bytes, 0);
}

import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { diag } from '@opentelemetry/api';
import { MemwardenError } from '../../errors.ts';
import { hintOr } from '../../files/file-refusal.ts';
import { BatchTable } from './batch-table.ts';
import { isDamage, salvage, salvageCheckpoint, setAside } from './damage.ts';
import { openDatabase, pragma } from './database.ts';

const logger = diag.createComponentLogger({ namespace: 'spool' });

/** Free space that may remain in the file for later batches, bytes. */
const FREE_BYTES_MAX = 16 * 1024 * 1024;
/** Pages returned to the file system at a time, which takes a few milliseconds. */
const VACUUM_PAGES = 256;

/** The spool's database file. When it is damaged it is replaced by a new file with the intact batches. */
export class SpoolFile {
  readonly #path: string;
  /** Called when `run` has replaced the file; the new table has the batches that were saved. */
  readonly #onReplaced: (table: BatchTable) => void;
  #database: DatabaseSync;
  #table: BatchTable;
  /** The file was found damaged when it was opened, and was replaced. */
  readonly openedDamaged: boolean;

  /**
   * @param path `:memory:` for a spool without a file.
   * @param check whether to check every page first, which takes about a second per gigabyte.
   * @throws MemwardenError SPOOL_INVALID when the file cannot be opened or created.
   */
  constructor(path: string, check: boolean, onReplaced: (table: BatchTable) => void) {
    this.#path = path;
    this.#onReplaced = onReplaced;
    let damaged = false;
    try {
      this.#database = openDatabase(path);
      if (check) quickCheck(this.#database);
    } catch (error) {
      if (!isDamage(error)) throw this.#failure('open', error);
      this.#database = this.#save(error);
      damaged = true;
    }
    this.#table = new BatchTable(this.#database);
    this.openedDamaged = damaged;
  }

  get table(): BatchTable {
    return this.#table;
  }

  /**
   * Runs `work` on the table. If it finds the file damaged, replaces the file and runs `work` again on the new table.
   *
   * @throws MemwardenError SPOOL_INVALID when the disk is full or missing.
   */
  run<T>(verb: string, work: (table: BatchTable) => T): T {
    try {
      return work(this.#table);
    } catch (error) {
      if (!isDamage(error) || this.#path === ':memory:') throw this.#failure(verb, error);
      this.#close();
      this.#database = this.#save(error);
      this.#table = new BatchTable(this.#database);
      this.#onReplaced(this.#table);
      return work(this.#table);
    }
  }

  /** Returns free space above FREE_BYTES_MAX to the file system, in small portions. */
  shrink(): void {
    const free = pragma(this.#database, 'freelist_count') * pragma(this.#database, 'page_size');
    if (free > FREE_BYTES_MAX) this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  }

  /**
   * Replaces the file by an empty one. On a full disk even a deletion fails, because the log cannot grow. Once no batch is
   * needed any more, this frees all of the file's space.
   *
   * @throws MemwardenError SPOOL_INVALID
   */
  startOver(): void {
    try {
      this.#close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(this.#path + suffix, { force: true });
      this.#database = openDatabase(this.#path);
      this.#table = new BatchTable(this.#database);
      this.#onReplaced(this.#table);
    } catch (error) {
      throw this.#failure('start over with', error);
    }
  }

  close(): void {
    this.#close();
  }

  #save(damage: unknown): DatabaseSync {
    try {
      const aside = setAside(this.#path);
      const database = openDatabase(this.#path);
      const table = new BatchTable(database);
      let batches = 0;
      table.transaction(true, () => {
        for (const { id, content, context } of salvage(aside)) {
          // with its old id, by which Spool knows it: the batch may be in flight or already answered
          table.insert({ ...content, context: table.contextId(context) }, id);
          batches++;
        }
        table.changeCheckpoint(salvageCheckpoint(aside));
      });
      logger.error(
        `the spool is damaged (${reason(damage)}); it was moved to ${aside}, ${batches} batches were saved from it`,
      );
      return database;
    } catch (error) {
      throw this.#failure('replace', error);
    }
  }

  #close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #failure(verb: string, error: unknown): MemwardenError {
    if (error instanceof MemwardenError) return error;
    return new MemwardenError(
      'SPOOL_INVALID',
      `failed to ${verb} the spool ${this.#path}: ${reason(error)}`,
      hintOr(error, 'check that its file system has room and is writable, or choose another directory'),
      { cause: error },
    );
  }
}

/** Finds damage at the start; otherwise a damaged page would be found only when its batch is sent. */
function quickCheck(database: DatabaseSync): void {
  const [answer] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (answer === 'ok') return;
  throw Object.assign(new Error(String(answer)), { errcode: 11 });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

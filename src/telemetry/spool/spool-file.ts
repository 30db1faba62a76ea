import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { diag } from '@opentelemetry/api';
import { MemwardenError } from '../../errors.ts';
import { hintOf } from '../../files/file-refusal.ts';
import { BatchTable } from './batch-table.ts';
import { isDamage, salvage, salvageCheckpoint, setAside } from './damage.ts';
import { openDatabase, pragma } from './database.ts';

const logger = diag.createComponentLogger({ namespace: 'spool' });

/** Free space, bytes, that the file may keep for later batches. */
const FREE_BYTES_MAX = 16 * 1024 * 1024;
/** Pages given back to the file system at a time: a few milliseconds' work. */
const VACUUM_PAGES = 256;

/** The spool's database file: opened, and when it turns out to be damaged, replaced by what can be saved of it. */
export class SpoolFile {
  readonly #path: string;
  /** Called when `run` has replaced the file; the new table holds what was saved. */
  readonly #onReplaced: (table: BatchTable) => void;
  #database: DatabaseSync;
  #table: BatchTable;
  /** The file was damaged when it was opened, and replaced. */
  readonly openedDamaged: boolean;

  /**
   * @param path `:memory:` for a spool without a file.
   * @param check whether to look at every page first, which takes about a second per gigabyte.
   * @throws MemwardenError SPOOL_INVALID when the file cannot be opened or made.
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
   * Runs `work` on the table; a second time on the replacement when it finds the file damaged.
   *
   * @throws MemwardenError SPOOL_INVALID when the disk is full or gone.
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

  /** Gives space that is free for long back to the file system, a little at a time. */
  shrink(): void {
    const free = pragma(this.#database, 'freelist_count') * pragma(this.#database, 'page_size');
    if (free > FREE_BYTES_MAX) this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  }

  /**
   * Starts over with an empty file. On a full disk even a deletion needs room that the log cannot get; once nothing in
   * the file is needed any more, this gives all of its room back.
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
          // with the id by which the spool knows it: it may be under way, or answered
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
      hintOf(error, 'check that its file system has room and is writable, or choose another directory'),
      { cause: error },
    );
  }
}

/** Without it a damaged page is found only when its batch is due. */
function quickCheck(database: DatabaseSync): void {
  const [answer] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (answer === 'ok') return;
  throw Object.assign(new Error(String(answer)), { errcode: 11 });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

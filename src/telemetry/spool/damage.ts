import { closeSync, existsSync, openSync, readSync, renameSync, statSync, truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Checkpoint } from '../../checkpoint.ts';
import type { LogContext } from '../otlp/export-request.ts';
import { type BatchContent, BatchTable } from './batch-table.ts';

/** Primary result codes (sqlite.org/rescode.html) of a damaged file. Others can mean a full or missing disk. */
const DAMAGE = new Set([11 /* CORRUPT */, 24 /* FORMAT */, 26 /* NOTADB */]);

/** After this many consecutive failures the rest of a damaged table is given up. */
const FAILURES_MAX = 10_000;

/** Whether an error of node:sqlite means damage: SQLite reports it, or a number is outside of the range that we write. */
export function isDamage(error: unknown): boolean {
  if (error instanceof RangeError && 'code' in error) return error.code === 'ERR_OUT_OF_RANGE';
  return DAMAGE.has(primaryCode(error));
}

/** SQLite's primary result code; 0 for any other error. */
export function primaryCode(error: unknown): number {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : 0;
  return typeof code === 'number' ? code & 0xff : 0;
}

/**
 * Renames a damaged database and its log, so that they can be examined later.
 *
 * @returns the new path, in the same directory, with the time in its name.
 */
export function setAside(path: string): string {
  const stamp = new Date().toISOString().replaceAll(':', '-');
  const aside = `${path}.damaged-${stamp}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/**
 * Reads the intact batches of a damaged database: those with readable pages and the right checksum. Reads row by row,
 * because a scan ends at the first bad page.
 */
export function* salvage(
  path: string,
): Generator<{ id: number; content: BatchContent; context: LogContext }> {
  let database: DatabaseSync | undefined;
  try {
    restoreLength(path);
    database = new DatabaseSync(path);
    const table = new BatchTable(database);
    let failures = 0;
    for (let id = firstId(database), last = lastId(database); id <= last && failures < FAILURES_MAX; id++) {
      try {
        const content = table.read(id);
        const context = content && table.context(content.context);
        if (content && context && crc32(content.body) === content.checksum) {
          failures = 0;
          yield { id, content, context };
        }
      } catch (error) {
        if (!isDamage(error)) throw error;
        failures++;
      }
    }
  } catch (error) {
    // the first page or the schema is damaged: nothing can be read
    if (!isDamage(error) && primaryCode(error) !== 1) throw error;
  } finally {
    database?.close();
  }
}

/** The checkpoint of a damaged database if all of its entries can be read, else an empty one. */
export function salvageCheckpoint(path: string): Checkpoint {
  let database: DatabaseSync | undefined;
  try {
    restoreLength(path);
    database = new DatabaseSync(path);
    return new BatchTable(database).checkpoint();
  } catch (error) {
    if (!isDamage(error) && primaryCode(error) !== 1) throw error;
    return new Map();
  } finally {
    database?.close();
  }
}

/**
 * Extends a file that is shorter than its header says with zeros. SQLite refuses to read a file that is too short, but can
 * read around zeroed pages (sqlite.org/fileformat2.html: page size at byte 16, number of pages at byte 28).
 */
function restoreLength(path: string): void {
  const file = openSync(path, 'r');
  const header = Buffer.alloc(32);
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  const bytes = header.readUInt16BE(16) * header.readUInt32BE(28);
  const isDatabase = header.toString('latin1', 0, 15) === 'SQLite format 3';
  if (isDatabase && statSync(path).size < bytes) truncateSync(path, bytes);
}

function firstId(database: DatabaseSync): number {
  return Number(database.prepare('SELECT MIN(id) AS id FROM batch').get()?.['id'] ?? 1);
}

function lastId(database: DatabaseSync): number {
  return Number(
    database.prepare("SELECT seq AS id FROM sqlite_sequence WHERE name = 'batch'").get()?.['id'] ?? 0,
  );
}

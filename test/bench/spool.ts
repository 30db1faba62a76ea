/**
 * The cost of a durable queue of encoded batches: SQLite as the spool uses it, with several page sizes, and a plain file
 * with one fdatasync(2) per batch, the least that durability can cost. Run: node test/bench/spool.ts [directory]
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';

const RECORD_BYTES = 1_400;
const BATCHES = 100;
const PAGE_BYTES = [4_096, 16_384, 65_536];

interface Rates {
  readonly appends: number;
  readonly drains: number;
}

function perSecond(work: (i: number) => void): number {
  const start = performance.now();
  for (let i = 0; i < BATCHES; i++) work(i);
  return (BATCHES / (performance.now() - start)) * 1_000;
}

function benchSqlite(path: string, pageBytes: number, body: Uint8Array): Rates {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
  database.exec('CREATE TABLE batch (id INTEGER PRIMARY KEY AUTOINCREMENT, checksum INTEGER, body BLOB)');
  const insert = database.prepare('INSERT INTO batch (checksum, body) VALUES (?, ?)');
  const appends = perSecond(() => insert.run(crc32(body), body));
  database.exec('PRAGMA synchronous = NORMAL');
  const read = database.prepare('SELECT body FROM batch WHERE id = ?');
  const remove = database.prepare('DELETE FROM batch WHERE id = ?');
  const drains = perSecond(i => {
    read.get(i + 1);
    remove.run(i + 1);
  });
  database.close();
  return { appends, drains };
}

function benchFile(path: string, body: Uint8Array): Rates {
  const file = openSync(path, 'w');
  const appends = perSecond(() => {
    writeSync(file, body);
    fdatasyncSync(file);
  });
  closeSync(file);
  return { appends, drains: Number.NaN };
}

function report(name: string, batchRecords: number, { appends, drains }: Rates): void {
  const records = Math.round(appends * batchRecords).toLocaleString('en');
  console.log(
    `${name.padEnd(24)} ${appends.toFixed(0)} appends/s (${records} records/s), ${drains.toFixed(0)} drains/s`,
  );
}

for (const batchRecords of [512, 1]) {
  const body = Buffer.alloc(batchRecords * RECORD_BYTES, 7);
  console.log(`\nbatches of ${batchRecords} records, ${body.length} bytes`);
  const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'memwarden-bench-'));
  for (const pageBytes of PAGE_BYTES) {
    report(
      `SQLite, ${pageBytes} B pages`,
      batchRecords,
      benchSqlite(join(directory, `${pageBytes}.db`), pageBytes, body),
    );
  }
  report('file with fdatasync', batchRecords, benchFile(join(directory, 'file'), body));
  rmSync(directory, { recursive: true });
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';

const DAMAGE_BYTES = 40_000;
/** Length of a batch's beginning that SQLite stores on the page of its row, whatever the batch's length. */
const SIGNATURE_BYTES = 256;

/** Places of damage in a spool: name, and position between its first batch (0) and its last (1). */
export const DAMAGED_PLACES = [
  ['head', 0],
  ['middle', 0.5],
  ['tail', 1],
] as const;

/** Mounts a file system of 2 MiB for the test; undefined without the right to mount. */
export function mountSmall(t: TestContext): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'memwarden-chaos-'));
  const tmpfs = ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'memwarden-chaos', directory];
  try {
    execFileSync('mount', tmpfs, { stdio: 'ignore' });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

/**
 * Overwrites a part of a killed sidecar's spool: the first pages, or the pages at which a batch begins, because other
 * pages can be free.
 *
 * @param at position: 0 is the beginning of the file, 1 the last batch
 */
export function damage(directory: string, at: number): void {
  const path = join(directory, 'spool.db');
  const database = new DatabaseSync(path);
  // a killed process leaves its records in the write-ahead log; this moves them to the file that is damaged
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const bodies = database.prepare('SELECT body FROM batch ORDER BY id').all();
  database.close();
  const body = bodies[Math.trunc((bodies.length - 1) * at)]?.['body'];
  const contents = readFileSync(path);
  const position = at === 0 ? 0 : contents.indexOf((body as Uint8Array).subarray(0, SIGNATURE_BYTES));
  if (position < 0) throw new Error(`no batch begins in ${path}`);
  contents.subarray(position, position + DAMAGE_BYTES).fill(0xa5);
  writeFileSync(path, contents);
}

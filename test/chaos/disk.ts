import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';

const DAMAGE_BYTES = 40_000;
/** First bytes of a batch that are on the page of its row, whatever its length. */
const SIGNATURE_BYTES = 256;

/** Where a spool is damaged: names, and which of its batches, from the first to the last. */
export const DAMAGED_PLACES = [
  ['head', 0],
  ['middle', 0.5],
  ['tail', 1],
] as const;

/** A file system of 2 MiB, gone with the test; undefined where none may be mounted. */
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
 * Overwrites a part of the spool that a killed sidecar left: its first pages, or those in which a batch begins, since what
 * lies elsewhere may be free.
 *
 * @param at where: 0 is the head, 1 the last batch
 */
export function damage(directory: string, at: number): void {
  const path = join(directory, 'spool.db');
  const database = new DatabaseSync(path);
  // a killed process leaves its records in the log; this moves them to where the damage is
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

import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';

const DAMAGE_BYTES = 40_000;

/** Where the file of a spool is damaged: names, and parts of its length. */
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

/** Overwrites a part of the spool that a killed sidecar left. @param at where: 0 is the head, 1 the tail */
export function damage(directory: string, at: number): void {
  const path = join(directory, 'spool.db');
  // a killed process leaves its records in the log; closing the file moves them to where the damage is
  new DatabaseSync(path).exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const position = Math.max(0, Math.trunc(statSync(path).size * at) - DAMAGE_BYTES);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(DAMAGE_BYTES, 0xa5), 0, DAMAGE_BYTES, position);
  closeSync(file);
}

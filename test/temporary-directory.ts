import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a directory is made for: a test, or a program that cleans up at its own end. */
interface Owner {
  after(end: () => void): void;
}

/** A directory that is gone when the test is over. */
export function temporaryDirectory(owner: Owner): string {
  const path = mkdtempSync(join(tmpdir(), 'memwarden-'));
  owner.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCES = join(import.meta.dirname, 'programs');
const built = new Map<string, string>();
let folder: string | undefined;

/** A folder for this run, removed when the process exits. */
export function workFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'memwarden-bench-'));
    folder = made;
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return folder;
}

/** Path of a program of `programs/`, compiled for this machine and linked so that it runs in a guest too. */
export function program(name: string): string {
  let path = built.get(name);
  if (path === undefined) {
    path = join(workFolder(), name);
    const words = ['-O2', '-static', '-Wall', '-Wextra', '-o', path, join(SOURCES, `${name}.c`)];
    execFileSync('cc', words, { stdio: ['ignore', 'ignore', 'inherit'] });
    built.set(name, path);
  }
  return path;
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Mutant } from './mutant.ts';

/** By mutant: the test that noticed it; null where none did. */
type Kept = Record<string, string | null>;

function keyOf({ file, find, replace }: Mutant): string {
  return JSON.stringify([file, find, replace]);
}

/** What became of each mutant when it was last tried, so that a run of one area leaves the others as they were. */
export class Scores {
  readonly #path: string;
  readonly #kept: Kept;

  constructor(path: string) {
    this.#path = path;
    this.#kept = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  }

  /** The test that killed it; undefined when none has, or it was never tried. */
  killerOf(mutant: Mutant): string | undefined {
    return this.#kept[keyOf(mutant)] ?? undefined;
  }

  /** Kept at once: a run that is cut short was not for nothing. */
  keep(mutant: Mutant, killer: string | undefined): void {
    this.#kept[keyOf(mutant)] = killer ?? null;
    this.#write();
  }

  /** Forgets mutants that are no longer in the lists. */
  keepOnly(mutants: readonly Mutant[]): void {
    const keys = new Set(mutants.map(keyOf));
    for (const key of Object.keys(this.#kept)) if (!keys.has(key)) delete this.#kept[key];
    this.#write();
  }

  #write(): void {
    const entries = Object.entries(this.#kept).sort(([a], [b]) => (a < b ? -1 : 1));
    writeFileSync(this.#path, `${JSON.stringify(Object.fromEntries(entries), undefined, 1)}\n`);
  }
}

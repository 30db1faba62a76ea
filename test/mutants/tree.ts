import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { likelyFirst, type Mutant } from './mutant.ts';

/** What the tests read beside the source; the rest of the repository is linked. */
const COPIED = ['src', 'test/unit', 'test/conformance', 'test/e2e', 'test/temporary-directory.ts'];
const LINKED = [
  'node_modules',
  'bpf',
  'config',
  'docs',
  'package.json',
  'README.md',
  'scripts',
  'test/runner',
];
/** Where a file is as good as on a disk, and costs no wait for one. */
const MEMORY = '/dev/shm';

const TEMPORARY = 'temporary';

/** The text of a file with a mutant in it. @throws Error when the mutant's text is not there exactly once */
export function mutate(text: string, { file, find, replace }: Mutant): string {
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`${file} has ${places} places with ${JSON.stringify(find)}`);
  return text.replace(find, () => replace);
}

/** A copy of the source and its tests in which something may be broken. */
export class Tree {
  readonly #root: string;

  constructor(repository: string) {
    this.#root = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'memwarden-mutants-'));
    mkdirSync(join(this.#root, TEMPORARY));
    for (const path of COPIED) cpSync(join(repository, path), join(this.#root, path), { recursive: true });
    for (const path of LINKED) symlinkSync(join(repository, path), join(this.#root, path));
  }

  /** @returns whether the test ended well and in time */
  async passes(test: string, limitMillis: number): Promise<boolean> {
    const child = spawn(process.execPath, [test], {
      cwd: this.#root,
      detached: true,
      stdio: 'ignore',
      timeout: limitMillis,
      killSignal: 'SIGKILL',
      env: {
        ...process.env,
        TMPDIR: join(this.#root, TEMPORARY),
        NODE_COMPILE_CACHE: join(this.#root, 'compiled'),
      },
    });
    const [code]: unknown[] = await once(child, 'close');
    endGroup(child.pid);
    return code === 0;
  }

  /** Runs tests with a mutant in the source. @returns the first that fails, if one does */
  async killer(mutant: Mutant, tests: readonly string[], limitMillis: number): Promise<string | undefined> {
    const path = join(this.#root, mutant.file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, mutate(text, mutant));
    try {
      for (const test of likelyFirst(mutant, tests)) if (!(await this.passes(test, limitMillis))) return test;
      return undefined;
    } finally {
      writeFileSync(path, text);
    }
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Ends what a test has left, as the program of one that waits for its end with a mutant that keeps it from ending. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

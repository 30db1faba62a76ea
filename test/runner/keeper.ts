import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from './commands.ts';
import { adoptOrphans, reap } from './prctl.ts';
import { commandLine, descendantsOf, endDescendants, killTree, type Process } from './processes.ts';

const TEST_FILE = new URL('test-file.ts', import.meta.url).href;
const LOOK_MILLIS = 500;
/** Time for node:test to print its summary after an interrupt, ms. */
const SUMMARY_MILLIS = 10_000;
/** As a shell says of what a signal ended. */
const EXIT_BY_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

interface Watch {
  readonly firstSeen: number;
  progress: string;
  /** When the progress was first seen to be this. */
  since: number;
}

/**
 * Runs one command and guarantees its end: within its limit, with the name of the test that hung, and without leaving a
 * process, not even one in a session of its own that ignores signals.
 */
export class Keeper {
  readonly #command: Command;
  readonly #directory = mkdtempSync(join(tmpdir(), 'test-runner-'));
  readonly #child: ChildProcess;
  readonly #problems: string[] = [];
  /** Each file's process. */
  readonly #watched = new Map<string, Watch>();
  readonly #startedAt = performance.now();
  #interruptedAt: number | undefined;

  private constructor(command: Command, words: readonly string[]) {
    this.#command = command;
    adoptOrphans();
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    this.#child = spawn(process.execPath, ['--import', TEST_FILE, ...command.words, ...words], {
      stdio: 'inherit',
      env: { ...environment, TEST_RUNNER_DIRECTORY: this.#directory },
    });
  }

  /** @param words to add to those of the command. @returns the exit status for this process */
  static async run(command: Command, words: readonly string[] = []): Promise<number> {
    return await new Keeper(command, words).#run();
  }

  async #run(): Promise<number> {
    const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
    this.#child.once('error', reject).once('exit', code => resolve(code ?? 1));
    for (const [signal, code] of Object.entries(EXIT_BY_SIGNAL)) {
      process.once(signal, () => {
        this.#child.kill('SIGKILL');
        resolve(code);
      });
    }
    const timer = setInterval(() => this.#look(), LOOK_MILLIS);
    try {
      return this.#finish(await ended);
    } finally {
      clearInterval(timer);
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  #finish(status: number): number {
    const left = endDescendants(process.pid);
    if (left.length > 0) this.#problem(`${left.length} processes were left behind; killed`, left);
    if (this.#problems.length === 0) return status;
    for (const problem of this.#problems) console.log(`✖ ${problem}`);
    // if all tests have passed, the summary above does not count this failure
    if (status === 0) console.log(`ℹ fail ${this.#problems.length}`);
    return status === 0 ? 1 : status;
  }

  #problem(what: string, details: readonly string[]): void {
    this.#problems.push([what, ...details].join('\n  '));
  }

  #look(): void {
    const now = performance.now();
    const files: Process[] = [];
    for (const child of descendantsOf(process.pid)) {
      if (child.parent === this.#child.pid) files.push(child);
      else if (child.parent === process.pid && child.pid !== this.#child.pid) this.#adopted(child);
    }
    this.#lookAtFiles(files, now);
    this.#lookAtCommand(files, now);
  }

  /** For a command of tests: the test file of an orphan has been killed, since a running file adopts its own orphans. */
  #adopted(orphan: Process): void {
    if (orphan.isZombie) reap(orphan.pid);
    else if (this.#command.fileSeconds !== undefined) {
      this.#problem('a process outlived its test file; killed', killTree(orphan));
    }
  }

  #lookAtFiles(files: readonly Process[], now: number): void {
    const { fileSeconds, testSeconds } = this.#command;
    if (fileSeconds === undefined || testSeconds === undefined) return;
    for (const file of files) {
      if (file.isZombie) continue;
      const key = `${file.pid} ${file.startTicks}`;
      const watch = this.#watched.get(key) ?? { firstSeen: now, progress: '', since: now };
      this.#watched.set(key, watch);
      const progress = this.#progressOf(file);
      if (progress !== watch.progress) Object.assign(watch, { progress, since: now });
      // the test's own timeout comes first and lets the file go on, unless the process is blocked
      const silentSeconds = 2 * testSeconds;
      let limit: string;
      if (now - watch.firstSeen > fileSeconds * 1_000) limit = `was not over within ${fileSeconds} s`;
      else if (now - watch.since > silentSeconds * 1_000)
        limit = `began and ended no test for ${silentSeconds} s`;
      else continue;
      this.#problem(`hung: a test file ${limit}; killed`, [this.#nameOf(file)]);
      killTree(file);
    }
  }

  #lookAtCommand(files: readonly Process[], now: number): void {
    const { commandSeconds, fileSeconds } = this.#command;
    if (this.#interruptedAt !== undefined) {
      if (now - this.#interruptedAt > SUMMARY_MILLIS) this.#child.kill('SIGKILL');
    } else if (now - this.#startedAt >= commandSeconds * 1_000) {
      this.#interruptedAt = now;
      const running = fileSeconds === undefined ? [] : files.map(file => this.#nameOf(file));
      this.#problem(
        `hung: ${this.#command.words.join(' ')} was not over within ${commandSeconds} s`,
        running,
      );
      // node:test then counts the tests in flight as cancelled
      this.#child.kill('SIGINT');
    }
  }

  /** The file, and the test that it is in. */
  #nameOf(file: Process): string {
    return `${commandLine(file.pid).at(-1) ?? file.name}: ${this.#progressOf(file)}`;
  }

  #progressOf({ pid }: Process): string {
    try {
      return readFileSync(join(this.#directory, String(pid)), 'utf8');
    } catch {
      // written when the first one begins
      return 'before its first test';
    }
  }
}

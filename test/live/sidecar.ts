import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HookName } from '../../src/capture/event.ts';
import { skippedRunsOf } from '../../src/capture/hooks/skipped-runs.ts';
import { type ConsoleRecord, numberOf, parseConsoleRecord } from './console-record.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const FENCE = fileURLToPath(new URL('../attacks/build/open_self', import.meta.url));

/** Loading and verifying the programs takes a second or two; an emulated guest on a busy machine may need many. */
const READY_MILLIS = 180_000;
/** Limit for a hang, not a measure: behind a flood of foreign events a record is late by the time it takes to read them. */
const FENCE_MILLIS = 120_000;
/** Wait for a fence that the kernel may have skipped or lost, and number of fences before that counts as a failure. */
const UNSURE_FENCE_MILLIS = 5_000;
const FENCES_MAX = 5;
/** The sidecar checks for losses every second. */
const LOSS_REPORT_MILLIS = 10_000;
const LOSS_LOOK_MILLIS = 100;

/**
 * Room for the events of others on a shared machine: 20,000 events a second fill the default of 8 MiB in the time in which
 * a busy machine does not schedule the sidecar at all.
 */
const RING_BUFFER_BYTES = 64 * 1024 * 1024;

/** A real sidecar, as a user starts it, with the console exporter. */
export class Sidecar {
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #records: ConsoleRecord[] = [];
  readonly #waiting = new Set<() => void>();
  #errors = '';
  #lost = 0;
  #broken: Error | undefined;

  private constructor(process: ChildProcess, directory: string) {
    this.#process = process;
    this.#directory = directory;
  }

  /**
   * Starts it and waits until its hooks are proven alive.
   *
   * @param environment settings over those of the tests, by their environment names.
   * @param prefix command that starts it in its own place, for example one that takes capabilities away.
   * @param command what is started, before `run`.
   * Throws Error with what it wrote to stderr when it ends instead, or is not ready in time.
   */
  static async start(
    environment: Readonly<Record<string, string>> = {},
    prefix: readonly string[] = [],
    command: readonly string[] = [process.execPath, MAIN],
  ): Promise<Sidecar> {
    const directory = mkdtempSync(join(tmpdir(), 'memwarden-live-'));
    const [program = process.execPath, ...words] = [...prefix, ...command, 'run'];
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        OTEL_LOGS_EXPORTER: 'console',
        MEMWARDEN_DETECT_EVENTS: 'signatures,mem_prot_alert',
        MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
        MEMWARDEN_HEALTH_ENABLED: 'false',
        MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: join(directory, 'spool'),
        MEMWARDEN_CAPTURE_PIN: 'false',
        MEMWARDEN_CAPTURE_RING_BUFFER_BYTES: String(RING_BUFFER_BYTES),
        ...environment,
      },
    });
    const sidecar = new Sidecar(child, directory);
    sidecar.#read();
    try {
      await sidecar.#until(() => sidecar.#errors.includes('memwarden ready'), READY_MILLIS, 'ready');
    } catch (error) {
      await sidecar.stop();
      throw error;
    }
    return sidecar;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Everything it has reported so far. */
  get records(): readonly ConsoleRecord[] {
    return this.#records;
  }

  /** Everything it has logged. */
  get diagnostics(): string {
    return this.#errors;
  }

  /** Kind of program per capability, from the resource of its records; empty before the first one. */
  get hooks(): Readonly<Record<string, HookName>> {
    const text = this.#records[0]?.resource['memwarden.capture.hook'];
    return Object.fromEntries(
      String(text ?? '')
        .split(',')
        .map(pair => pair.split('=')),
    );
  }

  /**
   * How many runs of the sidecar's programs the kernel has skipped. On a preemptible kernel, from 7.0 on every one, a
   * tracing program is skipped on a CPU where another task was preempted in it. 0 before 5.12, which does not count.
   */
  get skippedRuns(): number {
    return this.#skippedRuns().reduce((sum, runs) => sum + runs, 0);
  }

  /** How many events it has reported as lost, whoever caused them: the kernel's count, and the gaps that it has found. */
  get lost(): number {
    return this.#lost;
  }

  get lostByFlood(): number {
    return this.#lost;
  }

  /**
   * Waits for what is missing to be reported as lost, which comes a moment after the events around it.
   * @returns how many more events are lost than the `before`; 0 when that stays so for some seconds
   */
  async lossSince(before: number): Promise<number> {
    const end = performance.now() + LOSS_REPORT_MILLIS;
    while (this.#lost === before && this.#isRunning && performance.now() < end) await delay(LOSS_LOOK_MILLIS);
    return this.#lost - before;
  }

  /** For how many programs the kernel counts that. */
  get countedPrograms(): number {
    return this.#skippedRuns().length;
  }

  /**
   * Waits until everything that happened before the call has been reported: events come in the order in which they
   * happened, so a known access made now ends the wait. "Nothing was raised" is decided by this, not by a sleep. An access
   * that the kernel itself may have hidden, or that is among the events that the sidecar reports as lost, is made once more.
   */
  async fence(): Promise<void> {
    for (let left = FENCES_MAX; ; left--) {
      const skippedBefore = this.skippedRuns;
      const lostBefore = this.lost;
      const fence = spawn(FENCE, { stdio: 'ignore' });
      await once(fence, 'exit');
      const skipped = this.skippedRuns - skippedBefore;
      const isReported = () => this.#records.some(record => numberOf(record, 'process.pid') === fence.pid);
      const isLoss = () => this.lost > lostBefore;
      try {
        const millis = skipped > 0 ? UNSURE_FENCE_MILLIS : FENCE_MILLIS;
        await this.#until(() => isReported() || isLoss(), millis, 'reported of the fence');
        // it may only be late; then it arrives before the next one
        if (isReported()) return;
        if (left === 1) throw new Error(`${this.lost - lostBefore} events were lost around the fence`);
      } catch (error) {
        if ((skipped === 0 && !isLoss()) || left === 1 || !this.#isRunning) throw error;
      }
    }
  }

  /** Waits until it has logged something that matches. */
  async says(what: RegExp): Promise<void> {
    await this.#until(() => what.test(this.#errors), READY_MILLIS, `heard to say ${what}`);
  }

  /** Waits until the records, losses included, meet a condition; throws Error after a limit. */
  async waitUntil(isThere: () => boolean, what: string): Promise<void> {
    await this.#until(isThere, FENCE_MILLIS, what);
  }

  /**
   * Waits until the records meet a condition. Throws Error with the sidecar's log after a limit, and sooner once events
   * were lost, since the awaited ones may be among them.
   */
  async waitForAll(isThere: () => boolean, what: string): Promise<void> {
    const lostBefore = this.#lost;
    await this.#until(() => isThere() || this.#lost > lostBefore, FENCE_MILLIS, what);
    await this.#until(isThere, this.#lost > lostBefore ? LOSS_REPORT_MILLIS : FENCE_MILLIS, what);
  }

  /** Stops it from reading events, as a starved machine would. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Kills it, as the kernel does when memory runs out. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.stop();
  }

  /** Waits for an end that was requested in another way, and returns the exit code. */
  async ended(): Promise<number | null> {
    if (this.#isRunning) await once(this.#process, 'exit');
    return this.stop();
  }

  /** Ends it as an orchestrator does, and returns its exit code (null when a signal ended it). */
  async stop(): Promise<number | null> {
    if (this.#isRunning) {
      const exited = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await exited;
    }
    rmSync(this.#directory, { recursive: true, force: true });
    return this.#process.exitCode;
  }

  /** Of each program. */
  #skippedRuns(): number[] {
    const folder = `/proc/${this.#process.pid}/fdinfo`;
    const fds = this.#isRunning ? readdirSync(folder) : [];
    return fds.flatMap(fd => {
      try {
        return skippedRunsOf(readFileSync(`${folder}/${fd}`, 'utf8')) ?? [];
      } catch (error) {
        // closed meanwhile: no program's, which stay open
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        return [];
      }
    });
  }

  get #isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  #read(): void {
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) throw new Error('the sidecar was started without pipes');
    createInterface(stdout).on('line', line => {
      try {
        const record = parseConsoleRecord(line);
        this.#records.push(record);
        this.#lost += numberOf(record, 'memwarden.lost.count') ?? 0;
      } catch (error) {
        this.#broken ??= new Error(`not a record on the sidecar's stdout: ${line}`, { cause: error });
      }
      this.#wake();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
      this.#wake();
    });
    this.#process.on('exit', () => this.#wake());
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #until(condition: () => boolean, millis: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (this.#broken !== undefined) finish(this.#broken);
        else if (condition()) finish();
        else if (!this.#isRunning) {
          const status = this.#process.signalCode ?? this.#process.exitCode;
          finish(new Error(`the sidecar ended with ${status} before it was ${what}:\n${this.#errors}`));
        }
      };
      const timer = setTimeout(
        () => finish(new Error(`the sidecar was not ${what} in ${millis} ms:\n${this.#errors}`)),
        millis,
      );
      this.#waiting.add(check);
      check();
    });
  }
}

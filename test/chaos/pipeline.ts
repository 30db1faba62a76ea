import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DeliveryCounts } from '../../src/telemetry/delivery-counts.ts';
import type { OtlpOptions } from '../../src/telemetry/options.ts';
import type { SpoolOptions } from '../../src/telemetry/spool/options.ts';
import { evictedOf } from '../../src/telemetry/spool/totals.ts';

const PROGRAM = fileURLToPath(new URL('./pipeline-process.ts', import.meta.url));

export interface PipelineOptions {
  readonly endpoint: string;
  /** Directory of the spool. */
  readonly directory: string;
  /** Number of the first event. */
  readonly first: number;
  readonly perRound: number;
  readonly roundMillis: number;
  readonly otlp?: Partial<OtlpOptions>;
  readonly spool?: Partial<SpoolOptions>;
}

interface Reported {
  readonly safe: number;
  readonly stats: DeliveryCounts;
}

/** A pipeline over several processes: each continues after the last durable event of the previous one. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #reported = new EventEmitter();
  #child: ChildProcess | undefined;
  #safe: number;
  #stats: DeliveryCounts | undefined;

  constructor(options: Omit<PipelineOptions, 'first'>) {
    this.#options = { ...options, first: 1 };
    this.#safe = 0;
  }

  /** Number of the last durable event; all events from 1 to it have been emitted. */
  get safe(): number {
    return this.#safe;
  }

  /** The last counts that the process has printed. @throws AssertionError when the accounts do not balance */
  get stats(): DeliveryCounts {
    if (this.#stats === undefined) throw new Error('the pipeline has reported nothing yet');
    const { emitted, inherited, accepted, spooled, refused } = this.#stats;
    assert.equal(accepted + spooled + refused + evictedOf(this.#stats), emitted + inherited);
    return this.#stats;
  }

  start(): void {
    const options: PipelineOptions = { ...this.#options, first: this.#safe + 1 };
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', line => {
      const { safe, stats }: Reported = JSON.parse(line);
      this.#safe = safe;
      this.#stats = stats;
      this.#reported.emit('round');
    });
    this.#child = child;
    this.#stats = undefined;
  }

  /** Resolves when `events` more events are durable. */
  async advance(events: number): Promise<void> {
    const goal = this.#safe + events;
    while (this.#safe < goal) await once(this.#reported, 'round');
  }

  /** Resolves when the records that were emitted before the call are all accepted, refused or evicted. */
  async caughtUp(): Promise<void> {
    const goal = this.stats.inherited + this.stats.emitted;
    do await once(this.#reported, 'round');
    while (this.stats.accepted + this.stats.refused + evictedOf(this.stats) < goal);
  }

  /** Resolves when the process has made no progress for as long as two attempts to write the spool take. */
  async stuck(): Promise<void> {
    for (let before = -1; before !== this.#safe; ) {
      before = this.#safe;
      await delay(2_500);
    }
  }

  /** Sets the process's wall clock back by an hour. */
  setClockBack(): void {
    this.#child?.kill('SIGUSR2');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it with a shutdown of at most 20 s. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }
}

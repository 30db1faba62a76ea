import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Log message of the Collector when its receivers listen. */
const READY = 'Everything is ready';

/** One run of a Collector binary. */
export class CollectorProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #log: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
  }

  /**
   * Starts `binary` with its arguments and waits until it listens.
   *
   * @throws Error with its log when it ends first (a wrong configuration, a port in use).
   */
  static async start(
    binary: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<CollectorProcess> {
    const child = spawn(binary, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    const collector = new CollectorProcess(child);
    await collector.#listening();
    return collector;
  }

  /** Its log so far. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Ends it (SIGTERM: it drains its queues; SIGKILL: it does not) and waits for its exit. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#exited;
  }

  /** Stops it with SIGSTOP: connections stay open, but there are no answers. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  #listening(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      if (this.#child.stderr === null)
        throw new Error('the Collector was started without a pipe for its log');
      createInterface({ input: this.#child.stderr })
        .on('line', line => {
          this.#log.push(line);
          if (line.includes(READY)) resolve();
        })
        // no effect after a successful start
        .once('close', () => reject(new Error(`the Collector ended:\n${this.#log.join('\n')}`)));
    });
  }
}

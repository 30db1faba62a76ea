import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process that writes lines to stdout. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.process = spawn(program, words, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    if (this.process.stdout === null)
      throw new Error(`failed to start ${program}: it has no standard output`);
    this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** The next line of its output. @throws Error when it ends instead */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.process.spawnfile} ended: ${this.process.spawnargs.join(' ')}`);
    return value;
  }

  say(line = ''): void {
    this.process.stdin?.write(`${line}\n`);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill(signal);
    await once(this.process, 'exit');
  }
}

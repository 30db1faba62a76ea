import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ConsoleRecord } from '../../live/console-record.ts';

/** The image of docker-compose.yml. */
export const IMAGE = 'memwarden';

/** Options of docker-compose.yml as `docker run` spells them; compose.test.ts keeps the file to them. */
const CONFINEMENT = ['--cap-drop=ALL', '--security-opt=no-new-privileges', '--read-only'];

/** memwarden in a container, with the console exporter and without a network. */
export class Container implements AsyncDisposable {
  readonly #client: ChildProcess;
  readonly #name: string;
  readonly #exited: Promise<unknown[]>;
  readonly #records: ConsoleRecord[] = [];
  #diagnostics = '';
  #changed = Promise.withResolvers<void>();

  /** Starts it with nothing but these capabilities. */
  constructor(capabilities: readonly string[]) {
    this.#name = `memwarden-test-${process.pid}-${capabilities.length}`;
    this.#client = spawn(
      'docker',
      [
        ...['run', '--rm', `--name=${this.#name}`, '--network=none', '--pid=host', ...CONFINEMENT],
        ...capabilities.map(capability => `--cap-add=${capability}`),
        ...['--env=OTEL_LOGS_EXPORTER=console', IMAGE],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#exited = once(this.#client, 'exit');
    const { stdout, stderr } = this.#client;
    if (stdout === null || stderr === null) throw new Error('docker was started without pipes');
    createInterface(stdout).on('line', line => {
      this.#records.push(JSON.parse(line));
      this.#changed.resolve();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#diagnostics += text;
      this.#changed.resolve();
    });
  }

  /** What it said about itself. */
  get diagnostics(): string {
    return this.#diagnostics;
  }

  /** Pid of memwarden itself, in the initial namespace. */
  get pid(): number {
    return Number(
      execFileSync('docker', ['inspect', '--format={{.State.Pid}}', this.#name], { encoding: 'utf8' }).trim(),
    );
  }

  /** @throws Error when it ends first. */
  async ready(): Promise<void> {
    await this.#until(() => (this.#diagnostics.includes('memwarden ready') ? true : undefined));
  }

  /** The record about an actor, once it is there. */
  async recordOf(actorPid: number): Promise<ConsoleRecord> {
    return this.#until(() => this.#records.find(({ attributes }) => attributes['process.pid'] === actorPid));
  }

  /** What the engine makes of the image's health check, once it has made up its mind. */
  async healthStatus(): Promise<string> {
    // those since the beginning too: none is missed
    const events = spawn(
      'docker',
      [
        ...['events', '--since=1h', `--filter=container=${this.#name}`, '--filter=event=health_status'],
        '--format={{.Action}}',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const { value } = await createInterface({ input: events.stdout })[Symbol.asyncIterator]().next();
      return String(value).replace('health_status: ', '');
    } finally {
      events.kill();
    }
  }

  /** Waits for its end and returns the exit code. */
  async exit(): Promise<number | null> {
    await this.#exited;
    return this.#client.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#client.exitCode !== null) return;
    execFileSync('docker', ['stop', this.#name], { stdio: 'ignore' });
    await this.#exited;
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    const ended = this.#exited.then(() => {
      throw new Error(`the container ended:\n${this.#diagnostics}`);
    });
    for (;;) {
      this.#changed = Promise.withResolvers();
      const found = look();
      if (found !== undefined) {
        // It will end some day, and nobody waits for that here any more.
        ended.catch(() => undefined);
        return found;
      }
      await Promise.race([this.#changed.promise, ended]);
    }
  }
}

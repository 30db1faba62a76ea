import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ConsoleRecord } from '../../live/console-record.ts';

/** The image of docker-compose.yml. */
export const IMAGE = 'memwarden';

/** The options of docker-compose.yml for `docker run`; compose.test.ts checks that the file has them. */
const CONFINEMENT = ['--cap-drop=ALL', '--security-opt=no-new-privileges', '--read-only'];

/** memwarden in a container, with the console exporter and without a network. */
export class Container implements AsyncDisposable {
  readonly #client: ChildProcess;
  readonly #name: string;
  readonly #exited: Promise<unknown[]>;
  readonly #records: ConsoleRecord[] = [];
  #diagnostics = '';
  #changed = Promise.withResolvers<void>();

  /** Starts it with only these capabilities. */
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

  /** Its log so far. */
  get diagnostics(): string {
    return this.#diagnostics;
  }

  /** Pid of memwarden itself, in the initial namespace. */
  get pid(): number {
    return Number(
      execFileSync('docker', ['inspect', '--format={{.State.Pid}}', this.#name], { encoding: 'utf8' }).trim(),
    );
  }

  /** Waits for a message in the log. @throws Error when it ends first. */
  async ready(): Promise<void> {
    await this.#until(() => (this.#diagnostics.includes('memwarden ready') ? true : undefined));
  }

  /** Waits for the record about an actor. */
  async recordOf(actorPid: number): Promise<ConsoleRecord> {
    return this.#until(() => this.#records.find(({ attributes }) => attributes['process.pid'] === actorPid));
  }

  /** Waits for the engine's result of the image's health check. */
  async healthStatus(): Promise<string> {
    // including earlier events, so that none is missed
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
        // the container is removed in any case: nothing waits for its end any more
        ended.catch(() => undefined);
        return found;
      }
      await Promise.race([this.#changed.promise, ended]);
    }
  }
}

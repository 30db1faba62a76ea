import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const TERMINAL = fileURLToPath(new URL('terminal.py', import.meta.url));
const ASK_MILLIS = 100;
/** Limit for anything that must happen; so generous that only a hang exceeds it. */
const HANG_MILLIS = 120_000;
/** Time for a stop, which is also how long Docker waits before it kills. */
export const STOP_MILLIS = 8_000;

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Since the signal. */
  readonly millis: number;
}

export interface BareOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Shell redirections, for example `>/dev/full 2>&-`; a stream that is not redirected is kept in a file. */
  readonly redirections?: string;
  /** Streams that go to a terminal: `1`, `2` or `12`. */
  readonly terminal?: string;
  /** Words before the program, for example `unshare`. */
  readonly prefix?: readonly string[];
  readonly args?: readonly string[];
}

/**
 * A sidecar that is observed only through its health port, so that its streams may be broken in any way. Unlike Sidecar it
 * reads neither of them.
 */
export class BareSidecar {
  readonly directory = mkdtempSync(join(tmpdir(), 'memwarden-bare-'));
  readonly #options: BareOptions;
  #process: ChildProcess | undefined;
  #port = 0;
  #pid = 0;

  private constructor(options: BareOptions) {
    this.#options = options;
  }

  /** Starts it and waits until it is ready. */
  static async start(t: TestContext, options: BareOptions = {}): Promise<BareSidecar> {
    const sidecar = await BareSidecar.launch(t, options);
    for (let metrics = ''; metrics === ''; ) {
      await sidecar.#pause('watch');
      metrics = await sidecar.#get('metrics').catch(() => '');
    }
    return sidecar;
  }

  /** Starts it without waiting. */
  static async launch(t: TestContext, options: BareOptions): Promise<BareSidecar> {
    const sidecar = new BareSidecar(options);
    t.after(() => {
      if (sidecar.isRunning) process.kill(sidecar.#pid, 'SIGKILL');
      sidecar.#process?.kill('SIGKILL');
      rmSync(sidecar.directory, { recursive: true, force: true });
    });
    await sidecar.#spawn();
    return sidecar;
  }

  get isRunning(): boolean {
    return this.#process?.exitCode === null && this.#process.signalCode === null;
  }

  get stdout(): string {
    return readFileSync(join(this.directory, 'stdout'), 'utf8');
  }

  get stderr(): string {
    return readFileSync(join(this.directory, 'stderr'), 'utf8');
  }

  get spool(): string {
    return join(this.directory, 'spool');
  }

  /** The function of the kernel in which its main thread waits. */
  get waitsIn(): string {
    return readFileSync(`/proc/${this.#pid}/wchan`, 'utf8');
  }

  /** Whether it has a handler for the signal of this number. */
  takesSignal(number: number): boolean {
    const [, caught = '0'] =
      /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8')) ?? [];
    return ((BigInt(`0x${caught}`) >> BigInt(number - 1)) & 1n) === 1n;
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.#pid, signal);
  }

  /** Sends a command to the terminal. */
  async terminal(command: 'stop' | 'close'): Promise<void> {
    const { stdin, stdout } = this.#process ?? {};
    if (!stdin || !stdout) throw new Error('there is no terminal');
    const done = once(stdout, 'data');
    stdin.write(`${command}\n`);
    await done;
  }

  /** The sum of a metric over its attributes. */
  async metric(name: string, attributes = ''): Promise<number> {
    const text = await this.#get('metrics');
    const lines = text
      .split('\n')
      .filter(line => line.startsWith(`memwarden_${name}{`) && line.includes(attributes));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await condition())) await this.#pause(what);
  }

  async readiness(): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }> {
    return JSON.parse(await this.#get('readyz'));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    const from = performance.now();
    this.kill(signal);
    return this.ended(from);
  }

  /** Rejects after a limit: a sidecar that hangs must not hang the tests. */
  async ended(from = performance.now()): Promise<Ended> {
    const child = this.#process;
    if (child === undefined) throw new Error('it was not started');
    if (this.isRunning) await once(child, 'exit', { signal: AbortSignal.timeout(30_000) });
    return { status: child.exitCode, signal: child.signalCode, millis: performance.now() - from };
  }

  async #spawn(): Promise<void> {
    const { environment, redirections = '', terminal, prefix = [], args = ['run'] } = this.#options;
    this.#port = await freePort();
    const [out, err] = [join(this.directory, 'stdout'), join(this.directory, 'stderr')];
    const files = terminal === undefined ? `>>${out} 2>>${err}` : terminal === '1' ? `2>>${err}` : '';
    const program = [...prefix, process.execPath, MAIN, ...args];
    const words =
      terminal === undefined
        ? program
        : [
            'python3',
            TERMINAL,
            terminal,
            'sh',
            '-c',
            `exec "$@" ${terminal === '2' ? `>>${out}` : files}`,
            'sh',
            ...program,
          ];
    execFileSync('touch', [out, err]);
    const shell = terminal === undefined ? `exec "$@" ${files} ${redirections}` : 'exec "$@"';
    const child = spawn('sh', ['-c', shell, 'sh', ...words], {
      stdio: terminal === undefined ? 'ignore' : ['pipe', 'pipe', 'inherit'],
      env: {
        ...process.env,
        MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
        MEMWARDEN_HEALTH_LISTEN_PORT: String(this.#port),
        MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: this.spool,
        MEMWARDEN_CAPTURE_PIN: 'false',
        ...environment,
      },
    });
    this.#process = child;
    this.#pid = child.pid ?? 0;
    if (child.stdout !== null) this.#pid = Number(String((await once(child.stdout, 'data'))[0]));
  }

  async #get(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/${path}`);
    return response.text();
  }

  #waited = 0;

  async #pause(what: string): Promise<void> {
    if (!this.isRunning) throw new Error(`it ended before it did ${what}:\n${this.stderr}`);
    this.#waited += ASK_MILLIS;
    if (this.#waited > HANG_MILLIS) throw new Error(`it did not ${what}:\n${this.stderr}`);
    await delay(ASK_MILLIS);
  }
}

/** Opens the memory of a process that it starts for that: a sidecar must report it. */
export async function openMemory(t: TestContext, times = 1): Promise<void> {
  const victim = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(victim, 'spawn');
  t.after(() => victim.kill('SIGKILL'));
  for (let i = 0; i < times; i++) closeSync(openSync(`/proc/${victim.pid}/mem`, 'r'));
}

/** A named pipe that has a reader, which does not read. */
export class IdlePipe {
  readonly path: string;
  readonly #fd: number;
  #isOpen = true;

  constructor(t: TestContext) {
    const directory = mkdtempSync(join(tmpdir(), 'memwarden-pipe-'));
    this.path = join(directory, 'pipe');
    execFileSync('mkfifo', [this.path]);
    this.#fd = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    t.after(() => {
      this.leave();
      rmSync(directory, { recursive: true });
    });
  }

  /** Reads to the last byte. */
  fill(): this {
    for (const size of [4_096, 1]) {
      try {
        for (;;) writeSync(this.#fd, Buffer.alloc(size, '.'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
    }
    return this;
  }

  /** Closes the reader. */
  leave(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  return address.port;
}

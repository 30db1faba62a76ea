import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePorts } from '../e2e/free-ports.ts';
import { workFolder } from './programs.ts';
import { type ResidentParts, residentParts, runNanoseconds, type Usage, usageOf } from './usage.ts';

/** Main file of a clone, and of the npm package. */
const MAINS = { sources: 'src/cli/main.ts', package: 'dist/cli/main.js' } as const;
const REPOSITORY = resolve(import.meta.dirname, '../..');
const READY = 'memwarden ready';

export type Form = keyof typeof MAINS;

/** A sidecar as a user starts it, alone on the machine. */
export class BenchSidecar {
  /** From the start of the process to its line "ready", after which its hooks are proven, ms. */
  readonly startMillis: number;
  readonly #process: ChildProcess;
  readonly #port: number;

  private constructor(process: ChildProcess, port: number, startMillis: number) {
    this.#process = process;
    this.#port = port;
    this.startMillis = startMillis;
  }

  /** @param settings environment variables over the defaults of a benchmark: no exporter, no pins, a temporary spool */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    form: Form = 'sources',
  ): Promise<BenchSidecar> {
    const [port = 0] = await freePorts(1);
    const began = performance.now();
    const child = spawn(process.execPath, [join(REPOSITORY, MAINS[form]), 'run'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        OTEL_LOGS_EXPORTER: 'none',
        // pinned programs would add to the next measurement
        MEMWARDEN_CAPTURE_PIN: 'false',
        MEMWARDEN_HEALTH_LISTEN_PORT: String(port),
        MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: join(mkdtempSync(join(workFolder(), 'sidecar-')), 'spool'),
        ...settings,
      },
    });
    let output = '';
    const { promise, resolve: ready, reject } = Promise.withResolvers<number>();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes(READY)) ready(performance.now() - began);
    });
    child.once('exit', () => reject(new Error(`the sidecar ended:\n${output}`)));
    return new BenchSidecar(child, port, await promise);
  }

  usage(): Usage {
    return usageOf(this.#process.pid ?? 0);
  }

  residentParts(): ResidentParts {
    return residentParts(this.#process.pid ?? 0);
  }

  /** CPU time of all its threads by the scheduler's statistics, ns. */
  runNanoseconds(): number {
    return runNanoseconds(this.#process.pid ?? 0);
  }

  /** The sum of one of its metrics over all attributes, by its name in Prometheus. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text();
    const lines = text.split('\n').filter(line => new RegExp(`^${name}[{ ]`).test(line));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exit;
  }
}

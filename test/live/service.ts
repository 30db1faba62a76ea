import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Collected } from './collected.ts';
import { MountNamespace } from './mount-namespace.ts';
import { storm } from './open-storm.ts';
import { Sidecar } from './sidecar.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Exit and output of a command. */
export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/**
 * A sidecar that pins its programs, and a collector for it, in a mount namespace without a BPF file system. Nothing is
 * left when the test is over.
 */
export class Service {
  readonly pinPath = '/sys/fs/bpf/memwarden';
  readonly directory: string;
  readonly collected: Collected;
  readonly namespace: MountNamespace;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #started: Sidecar[] = [];

  private constructor(collected: Collected, namespace: MountNamespace, directory: string) {
    this.collected = collected;
    this.namespace = namespace;
    this.directory = directory;
    this.#environment = {
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: collected.endpoint,
      OTEL_BLRP_SCHEDULE_DELAY: '50',
      MEMWARDEN_CAPTURE_PIN: 'true',
      MEMWARDEN_CAPTURE_PIN_PATH: this.pinPath,
      MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: join(directory, 'spool'),
    };
  }

  static async create(t: TestContext): Promise<Service> {
    const directory = mkdtempSync(join(tmpdir(), 'memwarden-service-'));
    const collected = await Collected.start(t);
    const service = new Service(collected, await MountNamespace.create(t), directory);
    t.after(async () => {
      for (const sidecar of service.#started) await sidecar.stop();
      rmSync(directory, { recursive: true, force: true });
    });
    return service;
  }

  /** @param prefix command that drops privileges */
  async start(
    environment: Readonly<Record<string, string>> = {},
    prefix: readonly string[] = [],
  ): Promise<Sidecar> {
    const settings = { ...this.#environment, ...environment };
    const sidecar = await Sidecar.start(settings, [...this.namespace.prefix, ...prefix]);
    this.#started.push(sidecar);
    return sidecar;
  }

  /** Runs another command of memwarden with the settings of the service. @param prefix as of `start` */
  async run(words: readonly string[], prefix: readonly string[] = []): Promise<Ended> {
    const [program = '', ...rest] = [...this.namespace.prefix, ...prefix, process.execPath, MAIN, ...words];
    const child = spawn(program, rest, {
      env: { ...process.env, ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { status, output: stdout + stderr };
  }

  /** Waits until an access that happens now has arrived. */
  async seesAnAccess(): Promise<void> {
    const actor = storm(1);
    await this.collected.until(() => this.collected.opensBy(actor) > 0);
  }

  detach(): Promise<Ended> {
    return this.run(['detach']);
  }
}

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { ensureCollector } from '../collector/ensure-collector.ts';
import { CollectorProcess } from '../collector-process.ts';
import { FileTail } from '../file-tail.ts';
import { freePorts } from '../free-ports.ts';
import { parseRecords, type ReceivedRecord } from '../otlp-json.ts';

const SHIPPED = new URL('../../../config/collector/', import.meta.url).pathname;

/** A file of config/collector, by its name without the extension. */
export type PipelineFile = 'base' | 'elastic' | 'elastic-otlp' | 'splunk' | 'ecs' | 'ocsf' | 'kubernetes';

/** A Collector that runs the shipped pipeline files unchanged, with its own ports and data folder. */
export class Pipeline implements AsyncDisposable {
  readonly #binary: string;
  readonly #folder: string;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #httpPort: number;
  #process: CollectorProcess | undefined;

  private constructor(
    binary: string,
    folder: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    httpPort: number,
  ) {
    this.#binary = binary;
    this.#folder = folder;
    this.#args = args;
    this.#env = env;
    this.#httpPort = httpPort;
  }

  /**
   * @param files shipped files, in the order of the command line.
   * @param env the environment variables that the files use
   */
  static async prepare(files: readonly PipelineFile[], env: NodeJS.ProcessEnv = {}): Promise<Pipeline> {
    const binary = await ensureCollector();
    const folder = await mkdtemp(join(tmpdir(), 'memwarden-pipeline-'));
    const [httpPort = 0, grpcPort, healthPort] = await freePorts(3);
    // overrides of fixed values in the files that would slow down or disturb a test
    const own = join(folder, 'own.json');
    await writeFile(
      own,
      JSON.stringify({
        exporters: { file: { flush_interval: '20ms' } },
        extensions: { health_check: { endpoint: `127.0.0.1:${healthPort}` } },
        service: { telemetry: { metrics: { level: 'none' } } },
      }),
    );
    const paths = [...files.map(file => join(SHIPPED, `${file}.yaml`)), own];
    return new Pipeline(
      binary,
      folder,
      paths.flatMap(path => ['--config', path]),
      {
        OTELCOL_DATA: folder,
        OTELCOL_GRPC_PORT: String(grpcPort),
        OTELCOL_HTTP_PORT: String(httpPort),
        ...env,
      },
      httpPort,
    );
  }

  async start(): Promise<void> {
    this.#process = await CollectorProcess.start(this.#binary, this.#args, this.#env);
  }

  async stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    await running?.stop(signal);
  }

  /** @throws Error with the Collector's message about the files. */
  async validate(): Promise<void> {
    await promisify(execFile)(this.#binary, ['validate', ...this.#args], {
      env: { ...process.env, ...this.#env },
    });
  }

  /** Sends records as the sidecar does, in one request, and returns when the Collector has accepted them. */
  async send(...records: readonly ReadableLogRecord[]): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.#httpPort}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JsonLogsSerializer.serializeRequest([...records]) ?? []),
    });
    if (!response.ok) throw new Error(`the Collector refused: ${response.status} ${await response.text()}`);
  }

  /** Waits for `count` records in the file of base.yaml. */
  async written(count: number): Promise<ReceivedRecord[]> {
    const tail = new FileTail(join(this.#folder, 'memwarden.jsonl'));
    const text = await tail.until(content => parseRecords(content).length >= count);
    return parseRecords(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true });
  }
}

/** Why a Collector cannot run a pipeline with this exporter, for `skip`; undefined when it can. */
export async function whyNoExporter(type: string): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)(await ensureCollector(), ['components']);
  if (new RegExp(`- name: ${type}$`, 'm').test(stdout)) return undefined;
  return `this Collector has no ${type} exporter: set MEMWARDEN_TEST_COLLECTOR to an otelcol-contrib`;
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCollector } from './collector/ensure-collector.ts';
import { CollectorProcess } from './collector-process.ts';
import { FileTail } from './file-tail.ts';
import { freePorts } from './free-ports.ts';
import { parseRecords, type ReceivedRecord } from './otlp-json.ts';

export interface CollectorOptions {
  /** PEM files of the receiver; with `clientCaPath` it asks its clients for a certificate. Absent: no TLS. */
  readonly tls?: { readonly certPath: string; readonly keyPath: string; readonly clientCaPath?: string };
}

/**
 * A real Collector that writes the received records to a file: OTLP over gRPC and HTTP. It keeps its ports over restarts,
 * so a client can have its address before it runs and after a restart.
 *
 * @example
 * await using collector = await Collector.prepare();
 * await collector.start();
 * const [record] = await collector.waitFor(records => records.length > 0);
 */
export class Collector implements AsyncDisposable {
  /** Port of OTLP/gRPC and of OTLP/HTTP on 127.0.0.1. */
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly #binary: string;
  readonly #folder: string;
  readonly #records: FileTail;
  readonly #metrics: FileTail;
  #process: CollectorProcess | undefined;

  private constructor(binary: string, folder: string, [grpcPort = 0, httpPort = 0]: readonly number[]) {
    this.#binary = binary;
    this.#folder = folder;
    this.#records = new FileTail(this.#recordsPath);
    this.#metrics = new FileTail(this.#metricsPath);
    this.grpcPort = grpcPort;
    this.httpPort = httpPort;
  }

  /** Prepares one; builds the binary if necessary. */
  static async prepare({ tls }: CollectorOptions = {}): Promise<Collector> {
    const binary = await ensureCollector();
    const folder = await mkdtemp(join(tmpdir(), 'memwarden-collector-'));
    const collector = new Collector(binary, folder, await freePorts(2));
    const serverTls =
      tls === undefined
        ? {}
        : { tls: { cert_file: tls.certPath, key_file: tls.keyPath, client_ca_file: tls.clientCaPath } };
    // JSON is valid YAML
    await writeFile(
      collector.#configPath,
      JSON.stringify({
        receivers: {
          otlp: {
            protocols: {
              grpc: { endpoint: `127.0.0.1:${collector.grpcPort}`, ...serverTls },
              http: { endpoint: `127.0.0.1:${collector.httpPort}`, ...serverTls },
            },
          },
        },
        exporters: {
          file: { path: collector.#recordsPath, append: true, flush_interval: '20ms' },
          'file/metrics': { path: collector.#metricsPath, append: true, flush_interval: '20ms' },
        },
        service: {
          telemetry: { metrics: { level: 'none' } },
          pipelines: {
            logs: { receivers: ['otlp'], exporters: ['file'] },
            metrics: { receivers: ['otlp'], exporters: ['file/metrics'] },
          },
        },
      }),
    );
    return collector;
  }

  /** @throws Error with the Collector's log when it does not start. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new Error('the Collector runs already');
    this.#process = await CollectorProcess.start(this.#binary, ['--config', this.#configPath]);
  }

  /** Ends the Collector, if it runs; its address and its file stay. */
  async stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    await running?.stop(signal);
  }

  /** Stops the Collector with SIGSTOP: connections stay open, but there are no answers. */
  pause(): void {
    this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }

  /** Everything received so far, restarts included. */
  async records(): Promise<ReceivedRecord[]> {
    return parseRecords(await this.#records.read());
  }

  /**
   * Waits until the received records satisfy `enough` and returns them.
   *
   * @throws Error after `timeoutMillis`, with the names of the events that were received.
   */
  async waitFor(
    enough: (records: readonly ReceivedRecord[]) => boolean,
    timeoutMillis = 30_000,
  ): Promise<ReceivedRecord[]> {
    try {
      const content = await this.#records.until(text => enough(parseRecords(text)), timeoutMillis);
      return parseRecords(content);
    } catch (error) {
      const names = (await this.records()).map(({ record }) => record.eventName ?? '(unnamed)');
      throw new Error(`waited in vain for records: got ${names.length} (${names.slice(0, 20).join(', ')})`, {
        cause: error,
      });
    }
  }

  /** Waits until metrics of all these names were received. @throws Error after `timeoutMillis` */
  async waitForMetrics(names: readonly string[], timeoutMillis = 30_000): Promise<void> {
    await this.#metrics.until(text => names.every(name => text.includes(`"name":"${name}"`)), timeoutMillis);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true });
  }

  get #configPath(): string {
    return join(this.#folder, 'collector.json');
  }

  get #metricsPath(): string {
    return join(this.#folder, 'metrics.jsonl');
  }

  get #recordsPath(): string {
    return join(this.#folder, 'records.jsonl');
  }
}

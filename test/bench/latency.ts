import { closeSync, openSync, readSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bootTimeNs, bootToWallOffsetNs } from '../../src/native/libc.ts';
import { ensureCollector } from '../e2e/collector/ensure-collector.ts';
import { CollectorProcess } from '../e2e/collector-process.ts';
import { freePorts } from '../e2e/free-ports.ts';
import { workFolder } from './programs.ts';
import type { Report } from './report.ts';
import { BenchSidecar } from './sidecar.ts';
import { median, percentile, readable } from './statistics.ts';
import { prepareStorm } from './storm.ts';

const ROUNDS = 5;
const ROUND_SECONDS = 4;
const LOADS = [
  { name: 'idle', rate: 50 },
  { name: 'busy', rate: 10_000 },
] as const;
const SETTLE_MILLIS = 30_000;
const TARGET_MILLIS = 50;
/** What the file exporter writes of each record: when it happened in the kernel, ns. */
const TIME = '"timeUnixNano":"';
const TIME_DIGITS = 19;
const BUFFER_BYTES = 4 * 1024 * 1024;

interface Round {
  readonly acts: number;
  readonly seconds: number;
  /** From the act to the line in the file, ms, of every record. */
  readonly millis: readonly number[];
}

/** From the act in the kernel to the record in the file of a real Collector. */
export async function benchLatency(): Promise<Report> {
  const path = join(workFolder(), 'records.jsonl');
  const endpoint = `127.0.0.1:${(await freePorts(1))[0]}`;
  const config = join(workFolder(), 'latency.json');
  writeFileSync(
    config,
    JSON.stringify({
      receivers: { otlp: { protocols: { grpc: { endpoint } } } },
      exporters: { file: { path, append: true, flush_interval: '1ms' } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { logs: { receivers: ['otlp'], exporters: ['file'] } },
      },
    }),
  );
  const rounds = new Map<string, Round[]>(LOADS.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, rate } of LOADS) {
      rmSync(path, { force: true });
      const collector = await CollectorProcess.start(await ensureCollector(), ['--config', config]);
      rounds.get(name)?.push(await measure(`http://${endpoint}`, path, rate));
      await collector.stop();
    }
  }
  const rows = LOADS.map(({ name }) => summary(name, rounds.get(name) ?? []));
  const idle99 = rows[0]?.p99 ?? Number.NaN;
  const busy99 = rows[1]?.p99 ?? Number.NaN;
  const millis = (value: number) => `${readable(value)} ms`;
  return {
    tables: [
      {
        head: ['Load', 'Accesses a second', 'Records', 'p50', 'p95', 'p99', 'Longest'],
        rows: rows.map(({ name, rate, records, p50, p95, p99, longest }) => [
          name,
          readable(rate),
          readable(records),
          ...[p50, p95, p99, longest].map(millis),
        ]),
      },
    ],
    targets: [
      {
        what: 'act to collector file, HIGH, idle, p99',
        target: `< ${TARGET_MILLIS} ms`,
        measured: millis(idle99),
        met: idle99 < TARGET_MILLIS,
      },
    ],
    ratios: [{ name: 'p99 busy ÷ idle', value: busy99 / idle99, better: 'lower' }],
    notes: [
      'From the kernel’s time stamp of the act to the moment at which the line is in the file that the Collector writes ' +
        '(otlp receiver, file exporter, flush_interval 1 ms). Each percentile is the median of those of ' +
        `${ROUNDS} interleaved rounds of ${ROUND_SECONDS} s. All detections are HIGH, reported one by one ` +
        '(detect.stormWindowMillis=0), and go through the spool, an fdatasync included. Sidecar, Collector, storm and ' +
        'the reader of the file share the cores.',
    ],
    raw: rows,
  };
}

async function measure(endpoint: string, path: string, rate: number): Promise<Round> {
  const sidecar = await BenchSidecar.start({
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
  });
  const storm = await prepareStorm({ method: 'open', actors: 1, targets: 64, rate, seconds: ROUND_SECONDS });
  const reader = new LatencyReader(path);
  try {
    const { acts, seconds } = await storm.run();
    const deadline = performance.now() + SETTLE_MILLIS;
    while (reader.millis.length < acts && performance.now() < deadline) await delay(20);
    return { acts, seconds, millis: reader.millis };
  } finally {
    reader.close();
    await sidecar.stop();
  }
}

function summary(name: string, rounds: readonly Round[]) {
  const of = (part: number) => median(rounds.map(({ millis }) => percentile(millis, part)));
  return {
    name,
    rate: median(rounds.map(({ acts, seconds }) => acts / seconds)),
    acts: rounds.map(({ acts }) => acts),
    records: rounds.reduce((sum, { millis }) => sum + millis.length, 0),
    ...{ p50: of(0.5), p95: of(0.95), p99: of(0.99), longest: of(1) },
  };
}

/** Reads the Collector's file as it grows. */
class LatencyReader {
  readonly millis: number[] = [];
  readonly #file: number;
  readonly #watcher: ReturnType<typeof watch>;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #rest = '';

  constructor(path: string) {
    this.#file = openSync(path, 'a+');
    this.#watcher = watch(path, () => this.#read());
  }

  close(): void {
    this.#watcher.close();
    closeSync(this.#file);
  }

  #read(): void {
    for (;;) {
      const bytes = readSync(this.#file, this.#buffer, 0, BUFFER_BYTES, null);
      if (bytes === 0) return;
      const nowNs = bootTimeNs() + bootToWallOffsetNs();
      const text = this.#rest + this.#buffer.toString('latin1', 0, bytes);
      let end = 0;
      for (let at = text.indexOf(TIME); at >= 0; at = text.indexOf(TIME, at + 1)) {
        const start = at + TIME.length;
        if (start + TIME_DIGITS > text.length) break;
        end = start + TIME_DIGITS;
        this.millis.push(Number(nowNs - BigInt(text.slice(start, end))) / 1e6);
      }
      this.#rest = text.slice(Math.max(end, text.length - TIME.length - TIME_DIGITS));
    }
  }
}

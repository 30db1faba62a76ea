import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Sidecar } from '../live/sidecar.ts';
import './seconds.ts';

/** Time between two reads of the metrics, ms. */
const ASK_MILLIS = 200;

/** Short waits, so that the tests end soon. */
const SETTINGS = {
  OTEL_LOGS_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
  OTEL_BLRP_SCHEDULE_DELAY: '100',
  MEMWARDEN_TELEMETRY_DELIVERY_RETRY_INITIAL_MILLIS: '100',
  MEMWARDEN_TELEMETRY_DELIVERY_RETRY_MAX_MILLIS: '1000',
  MEMWARDEN_DETECT_EVENTS: 'default',
  MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '1000',
  MEMWARDEN_HEALTH_ENABLED: 'true',
  MEMWARDEN_HEALTH_LISTEN_PORT: '0',
};

/** Sum of each metric over its attributes, by name without `memwarden_` and `_total`. */
type Metrics = Readonly<Record<string, number>>;

/** A real sidecar on the real kernel. Its spool survives its end, so that the next sidecar can continue. */
export class LivePipeline {
  readonly #environment: Readonly<Record<string, string>>;
  #sidecar: Sidecar | undefined;
  #port = '';

  /** @param environment settings that override those of the tests, by their environment names */
  constructor(t: TestContext, endpoint: string, environment: Readonly<Record<string, string>> = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'memwarden-chaos-'));
    this.#environment = {
      ...SETTINGS,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: join(directory, 'spool'),
      ...environment,
    };
    t.after(async () => {
      await this.stop();
      rmSync(directory, { recursive: true });
    });
  }

  get spoolDirectory(): string {
    return this.#environment['MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY'] ?? '';
  }

  /** Starts it and waits until its hooks are alive. */
  async start(): Promise<void> {
    this.#sidecar = await Sidecar.start(this.#environment);
    const listening = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
    await this.#sidecar.says(listening);
    this.#port = listening.exec(this.#sidecar.diagnostics)?.[1] ?? '';
  }

  get sidecar(): Sidecar {
    if (this.#sidecar === undefined) throw new Error('the sidecar does not run');
    return this.#sidecar;
  }

  /** @throws AssertionError when the accounts do not balance */
  async metrics(): Promise<Metrics> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/metrics`);
    const metrics = parse(await response.text());
    assertAccountsBalance(metrics);
    return metrics;
  }

  /** Waits until all events so far are in the spool. */
  async read(): Promise<void> {
    for (;;) {
      const { events_in_flight: inFlight, detections_pending: pending } = await this.metrics();
      if (inFlight === 0 && pending === 0) return;
      await delay(ASK_MILLIS);
    }
  }

  /**
   * Waits until the records of all events so far are delivered or given up: ring buffer, pending summaries and spool are
   * empty. The accounts must balance all the time.
   */
  async caughtUp(): Promise<Metrics> {
    for (;;) {
      const metrics = await this.metrics();
      const { events_in_flight: inFlight, detections_pending: pending, records_spooled: spooled } = metrics;
      if (inFlight === 0 && pending === 0 && spooled === 0) return metrics;
      await delay(ASK_MILLIS);
    }
  }

  async kill(): Promise<void> {
    await this.#sidecar?.kill();
    this.#sidecar = undefined;
  }

  /** Ends it with a shutdown. */
  async stop(): Promise<void> {
    const sidecar = this.#sidecar;
    this.#sidecar = undefined;
    await sidecar?.stop();
  }
}

function parse(text: string): Metrics {
  const metrics: Record<string, number> = {};
  const line = /^(?:memwarden_)?(\w+?)(?:_total)?(?:\{[^}]*\})? (\S+)$/gm;
  for (const [, name = '', value] of text.matchAll(line)) {
    metrics[name] = (metrics[name] ?? 0) + Number(value);
  }
  return metrics;
}

/** See src/accounting/accounts.ts. `in_flight` is computed from the other counts of events, so it must not be negative. */
function assertAccountsBalance(metrics: Metrics): void {
  const of = (name: string): number => {
    const value = metrics[name];
    assert.ok(value !== undefined, `there is no metric ${name}`);
    return value;
  };
  assert.ok(of('events_in_flight') >= 0, JSON.stringify(metrics));
  assert.equal(
    of('detections_found'),
    of('detections_excepted') +
      of('detections_reported') +
      of('detections_summarized') +
      of('detections_pending'),
  );
  assert.equal(
    of('records_emitted') + of('records_inherited'),
    of('records_accepted') + of('records_spooled') + of('records_refused') + of('records_evicted'),
  );
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Sidecar } from '../live/sidecar.ts';
import './seconds.ts';

/** How often the sidecar is asked whether it has caught up, ms. */
const ASK_MILLIS = 200;

/** Quick enough for a test. */
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

/** Names of metrics, without `memwarden_` and `_total`, with the sum of each over its attributes. */
type Metrics = Readonly<Record<string, number>>;

/** A real sidecar on the real kernel whose spool outlives it, so that another can go on where it was ended. */
export class LivePipeline {
  readonly #environment: Readonly<Record<string, string>>;
  #sidecar: Sidecar | undefined;
  #port = '';

  /** @param environment settings over those of the tests, by their environment names */
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

  /** @throws AssertionError when the books do not balance */
  async metrics(): Promise<Metrics> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/metrics`);
    const metrics = parse(await response.text());
    assertBooksBalance(metrics);
    return metrics;
  }

  /** Waits until all that has happened is in the spool. */
  async read(): Promise<void> {
    for (;;) {
      const { events_under_way: inFlight, findings_held: pending } = await this.metrics();
      if (inFlight === 0 && pending === 0) return;
      await delay(ASK_MILLIS);
    }
  }

  /**
   * Waits until all that has happened is with the collector, or given up: nothing in the ring buffer, nothing pending for
   * a summary, nothing in the spool. The books must balance all the while.
   */
  async caughtUp(): Promise<Metrics> {
    for (;;) {
      const metrics = await this.metrics();
      const { events_under_way: inFlight, findings_held: pending, records_spooled: spooled } = metrics;
      if (inFlight === 0 && pending === 0 && spooled === 0) return metrics;
      await delay(ASK_MILLIS);
    }
  }

  async kill(): Promise<void> {
    await this.#sidecar?.kill();
    this.#sidecar = undefined;
  }

  /** Ends it in good order. */
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

/** src/accounting/accounts.ts. What is under way is the rest of its line: it must never be less than nothing. */
function assertBooksBalance(metrics: Metrics): void {
  const of = (name: string): number => {
    const value = metrics[name];
    assert.ok(value !== undefined, `there is no metric ${name}`);
    return value;
  };
  assert.ok(of('events_under_way') >= 0, JSON.stringify(metrics));
  assert.equal(
    of('findings_found'),
    of('findings_excepted') + of('findings_reported') + of('findings_summarized') + of('findings_held'),
  );
  assert.equal(
    of('records_emitted') + of('records_inherited'),
    of('records_accepted') + of('records_spooled') + of('records_refused') + of('records_evicted'),
  );
}

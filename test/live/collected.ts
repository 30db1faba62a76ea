import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { DecodedRecord } from '../../src/telemetry/otlp/log-decoder.ts';
import { serveLogs } from '../unit/telemetry/delivery/logs-service.ts';
import { requestRecords } from '../unit/telemetry/otlp/request-records.ts';
import { watchLosses } from './foreign-loss.ts';

/** Longest wait for records; shorter than the tests' own limit, so that a test says what it waited for. */
const HANG_MILLIS = 120_000;
const LOST_MILLIS = 20_000;

/** A collector that accepts everything. A record that was sent twice has one uid, and is kept once. */
export class Collected {
  readonly #byUid = new Map<unknown, DecodedRecord>();
  readonly #arrivals = new EventEmitter();
  port = 0;

  /** Listens on a free port of 127.0.0.1 until the test is over. */
  static async start(t: TestContext): Promise<Collected> {
    const collected = new Collected();
    watchLosses(t, collected);
    collected.port = await serveLogs(t, (request, respond) => {
      for (const record of requestRecords(request)) {
        collected.#byUid.set(record.attributes['log.record.uid'], record);
      }
      respond(Buffer.alloc(0));
      collected.#arrivals.emit('request');
    });
    return collected;
  }

  get records(): DecodedRecord[] {
    return [...this.#byUid.values()];
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * Resolves when a condition on the records holds. Rejects after a limit, and sooner once events were lost, since the
   * awaited ones may be among them.
   */
  async until(holds: () => boolean): Promise<void> {
    const start = performance.now();
    while (!holds()) {
      const limit = this.lostByFlood > 0 ? LOST_MILLIS : HANG_MILLIS;
      const left = start + limit - performance.now();
      if (left <= 0) throw new Error(`what was waited for did not come in ${limit} ms`);
      await Promise.race([
        once(this.#arrivals, 'request'),
        delay(Math.min(left, LOST_MILLIS), undefined, { ref: false }),
      ]);
    }
  }

  get lostByFlood(): number {
    const { ring_full: full = 0, scratch_full: busy = 0, sequence_gap: gap = 0 } = this.losses;
    return full + busy + gap;
  }

  /** How many opens by a process have been reported; a summary counts as many as it stands for. */
  opensBy(pid: number): number {
    return this.of(pid).reduce(
      (sum, { attributes }) => sum + Number(attributes['memwarden.repeat.count'] ?? 1),
      0,
    );
  }

  /** Records of a process that opened the memory of another. */
  of(pid: number): DecodedRecord[] {
    return this.records.filter(
      ({ eventName, attributes }) => eventName === 'proc_mem_access' && attributes['process.pid'] === pid,
    );
  }

  /** Events that were reported as lost, by reason. */
  get losses(): Record<string, number> {
    const losses: Record<string, number> = {};
    for (const { attributes } of this.records) {
      const count = Number(attributes['memwarden.lost.count'] ?? 0);
      const reason = String(attributes['memwarden.lost.reason']);
      if (count > 0) losses[reason] = (losses[reason] ?? 0) + count;
    }
    return losses;
  }

  get lost(): number {
    return Object.values(this.losses).reduce((sum, count) => sum + count, 0);
  }
}

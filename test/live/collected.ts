import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { type DecodedRecord, decodeRecord } from '../../src/telemetry/otlp/log-decoder.ts';
import { readFields } from '../../src/telemetry/otlp/message-reader.ts';
import { serveLogs } from '../unit/telemetry/delivery/logs-service.ts';

/** Fields of ExportLogsServiceRequest, ResourceLogs and ScopeLogs that lead to the records: opentelemetry/proto/logs/v1. */
const RESOURCE_LOGS = 1;
const SCOPE_LOGS = 2;
const LOG_RECORDS = 2;

/** A collector that takes everything, and what it has got: a record that was sent twice has one uid, and is there once. */
export class Collected {
  readonly #byUid = new Map<unknown, DecodedRecord>();
  readonly #arrivals = new EventEmitter();
  port = 0;

  /** Listens on a free port of 127.0.0.1 until the test is over. */
  static async start(t: TestContext): Promise<Collected> {
    const collected = new Collected();
    collected.port = await serveLogs(t, (request, respond) => {
      for (const record of recordsOf(request)) {
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

  /** Resolves when a condition on the records holds; the runner's own time limit ends a wait for what never comes. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#arrivals, 'request');
  }

  /** How many opens by a process have been told: a summary stands for as many as it counts. */
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

  /** Events that are told to be lost, by reason. */
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

function* recordsOf(request: Uint8Array): Generator<DecodedRecord> {
  for (const resourceLogs of submessages(request, RESOURCE_LOGS)) {
    for (const scopeLogs of submessages(resourceLogs, SCOPE_LOGS)) {
      for (const record of submessages(scopeLogs, LOG_RECORDS)) yield decodeRecord(wrapped(record));
    }
  }
}

function* submessages(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const { field, content } of readFields(message)) {
    if (field === wanted && content instanceof Uint8Array) yield content;
  }
}

/** decodeRecord reads a record with its key and length, as the spool holds it. */
function wrapped(record: Uint8Array): Uint8Array {
  const header = [(LOG_RECORDS << 3) | 2];
  let length = record.length;
  for (; length > 0x7f; length >>>= 7) header.push((length & 0x7f) | 0x80);
  header.push(length);
  return Buffer.concat([Buffer.from(header), record]);
}

import { decodeMessage } from '../../src/telemetry/otlp/log-decoder.ts';
import { readFields } from '../../src/telemetry/otlp/message-reader.ts';
import type { ReceivedRecord } from '../e2e/otlp-json.ts';

/** A record that arrived, as far as the ledger is concerned. */
export interface Arrival {
  readonly uid: string;
  readonly actorPid: number | undefined;
  /** Opens that it tells of. */
  readonly opens: number;
  /** Events of whose loss it tells. */
  readonly lost: number;
  readonly severity: number;
}

/** Of a Collector. */
export function arrivalsOf(records: readonly ReceivedRecord[]): Arrival[] {
  return records.map(({ attributes }) =>
    arrival(name => {
      const value = attributes.get(name);
      return value?.stringValue ?? value?.intValue;
    }),
  );
}

/** Of the requests that a test's server has taken. */
export function arrivalsIn(requests: readonly Uint8Array[]): Arrival[] {
  const records: Arrival[] = [];
  // ExportLogsServiceRequest.resource_logs = 1, ResourceLogs.scope_logs = 2, ScopeLogs.log_records = 2
  for (const resourceLogs of requests.flatMap(request => messages(request, 1))) {
    for (const scopeLogs of messages(resourceLogs, 2)) {
      for (const record of messages(scopeLogs, 2)) {
        const { attributes } = decodeMessage(record);
        records.push(arrival(name => attributes[name]));
      }
    }
  }
  return records;
}

function arrival(attribute: (name: string) => unknown): Arrival {
  const number = (name: string): number | undefined => {
    const value = attribute(name);
    return value === undefined ? undefined : Number(value);
  };
  return {
    uid: String(attribute('log.record.uid')),
    actorPid: number('process.pid'),
    opens: number('memwarden.repeat.count') ?? 1,
    lost: number('memwarden.lost.count') ?? 0,
    severity: number('memwarden.severity') ?? 0,
  };
}

function messages(message: Uint8Array, field: number): Uint8Array[] {
  return [...readFields(message)].flatMap(({ field: number, content }) =>
    number === field && content instanceof Uint8Array ? [content] : [],
  );
}

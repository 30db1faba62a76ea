import type { ReceivedRecord } from '../e2e/otlp-json.ts';
import { requestRecords } from '../unit/telemetry/otlp/request-records.ts';

/** The fields of a record that arrived which are compared with the ledger. */
export interface Arrival {
  readonly uid: string;
  readonly actorPid: number | undefined;
  /** Number of opens that it reports. */
  readonly opens: number;
  /** Number of lost events that it reports. */
  readonly lost: number;
  readonly severity: number;
}

/** Records that a Collector received. */
export function arrivalsOf(records: readonly ReceivedRecord[]): Arrival[] {
  return records.map(({ attributes }) =>
    arrival(name => {
      const value = attributes.get(name);
      return value?.stringValue ?? value?.intValue;
    }),
  );
}

/** Records in the requests that a test's server has accepted. */
export function arrivalsIn(requests: readonly Uint8Array[]): Arrival[] {
  return requests.flatMap(request =>
    [...requestRecords(request)].map(({ attributes }) => arrival(name => attributes[name])),
  );
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

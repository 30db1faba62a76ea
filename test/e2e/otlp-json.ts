/** OTLP/JSON log records as the Collector's file exporter writes them (opentelemetry-proto, logs.proto). */

export interface AnyValue {
  readonly stringValue?: string;
  /** int64: a decimal string in OTLP/JSON. */
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values: readonly KeyValue[] };
  readonly bytesValue?: string;
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

interface OtlpLogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName?: string;
  readonly body: AnyValue;
  /** Absent when there are none, as every empty field in OTLP/JSON. */
  readonly attributes?: readonly KeyValue[];
}

interface ExportLogsRequest {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes?: readonly KeyValue[] };
    readonly scopeLogs: readonly {
      readonly scope: { readonly name: string; readonly version: string };
      readonly logRecords: readonly OtlpLogRecord[];
    }[];
  }[];
}

/** One record with its Resource and scope. */
export interface ReceivedRecord {
  readonly resource: ReadonlyMap<string, AnyValue>;
  readonly scope: { readonly name: string; readonly version: string };
  readonly record: OtlpLogRecord;
  readonly attributes: ReadonlyMap<string, AnyValue>;
}

/**
 * Records of a file exporter's file, in the order in which they were written. An incomplete last line is left out: the
 * exporter is still writing it.
 */
export function parseRecords(file: string): ReceivedRecord[] {
  return file
    .slice(0, file.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(line => line !== '')
    .flatMap(line => flatten(JSON.parse(line) as ExportLogsRequest));
}

function flatten({ resourceLogs }: ExportLogsRequest): ReceivedRecord[] {
  return resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ scope, logRecords }) =>
      logRecords.map(record => ({
        resource: toMap(resource.attributes ?? []),
        scope,
        record,
        attributes: toMap(record.attributes ?? []),
      })),
    ),
  );
}

/** @throws Error on a duplicate key, which OTLP forbids. */
function toMap(attributes: readonly KeyValue[]): ReadonlyMap<string, AnyValue> {
  const map = new Map(attributes.map(({ key, value }) => [key, value]));
  if (map.size !== attributes.length) throw new Error(`duplicate key among ${[...map.keys()].join(', ')}`);
  return map;
}

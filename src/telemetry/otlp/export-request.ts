import { varintSize } from './message-writer.ts';

/** What the records of a batch have in common, encoded: Resource and scope, each with its key and length. */
export interface LogContext {
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
}

const RESOURCE_LOGS = 0x0a;
const SCOPE_LOGS = 0x12;
/** First byte of every record in a body: `log_records` of ScopeLogs. */
const LOG_RECORD = 0x12;

/**
 * Puts an ExportLogsServiceRequest together from records that are encoded already: repeated fields of a message are
 * one after the other, so bodies are joined without being looked at.
 *
 * @param bodies records, each with key and length, in the order in which they are to arrive.
 */
export function buildExportRequest({ resource, scope }: LogContext, bodies: readonly Uint8Array[]): Buffer {
  let scopeLogs = scope.length;
  for (const body of bodies) scopeLogs += body.length;
  const resourceLogs = resource.length + 1 + varintSize(scopeLogs) + scopeLogs;
  return Buffer.concat([
    delimiter(RESOURCE_LOGS, resourceLogs),
    resource,
    delimiter(SCOPE_LOGS, scopeLogs),
    scope,
    ...bodies,
  ]);
}

/** Bytes that a request has beside its records, at most. */
export function requestOverhead({ resource, scope }: LogContext): number {
  return resource.length + scope.length + 2 * (1 + varintSize(Number.MAX_SAFE_INTEGER));
}

/**
 * Cuts a body into its records.
 *
 * @throws RangeError when the body is not a row of records.
 */
export function splitRecords(body: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  let at = 0;
  while (at < body.length) {
    const start = at;
    if (body[at++] !== LOG_RECORD)
      throw new RangeError(`failed to split a batch: no record at byte ${start}`);
    let length = 0;
    let shift = 1;
    let byte: number | undefined;
    do {
      byte = body[at++];
      if (byte === undefined) throw new RangeError(`failed to split a batch: it ends within a length`);
      length += (byte & 0x7f) * shift;
      shift *= 128;
    } while (byte & 0x80);
    at += length;
    if (at > body.length) throw new RangeError(`failed to split a batch: it ends within a record`);
    records.push(body.subarray(start, at));
  }
  return records;
}

function delimiter(key: number, length: number): Uint8Array {
  const bytes = new Uint8Array(1 + varintSize(length));
  bytes[0] = key;
  let rest = length;
  for (let i = 1; i < bytes.length; i++) {
    bytes[i] = (rest % 128) | (i < bytes.length - 1 ? 0x80 : 0);
    rest = Math.floor(rest / 128);
  }
  return bytes;
}

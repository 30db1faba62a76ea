import { type Memory, UNPOOLED } from './buffer-pool.ts';
import { MessageWriter, varintSize } from './message-writer.ts';

/** Encoded Resource and scope of a batch, each with its key and length. */
export interface LogContext {
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
}

/** `resource_logs` of ExportLogsServiceRequest, `scope_logs` of ResourceLogs. */
const RESOURCE_LOGS = 1;
const SCOPE_LOGS = 2;
/** First byte of every record in a body: `log_records` of ScopeLogs. */
const LOG_RECORD = 0x12;

/**
 * Builds an ExportLogsServiceRequest from encoded records. The elements of a repeated field follow each other, so bodies
 * are concatenated without decoding them. A single body with enough room in front is not even copied: the head is written
 * into that room.
 *
 * @param bodies records, each with key and length, in the order of delivery
 * @param memory has allocated the bodies, and allocates the request
 */
export function buildExportRequest(
  context: LogContext,
  bodies: readonly Uint8Array[],
  memory: Memory = UNPOOLED,
): Buffer {
  const bodyBytes = bodies.reduce((sum, { length }) => sum + length, 0);
  const head = encodeHead(context, bodyBytes);
  const [only] = bodies;
  if (only !== undefined && bodies.length === 1 && memory.roomBefore(only) >= head.length) {
    const request = Buffer.from(only.buffer, only.byteOffset - head.length, head.length + bodyBytes);
    request.set(head);
    return request;
  }
  const to = new MessageWriter(head.length + bodyBytes, memory);
  to.raw(head);
  for (const body of bodies) to.raw(body);
  return to.bytes();
}

/** The bytes in front of the records. */
function encodeHead({ resource, scope }: LogContext, bodyBytes: number): Uint8Array {
  const scopeLogs = scope.length + bodyBytes;
  const resourceLogs = resource.length + 1 + varintSize(scopeLogs) + scopeLogs;
  const to = new MessageWriter(requestOverhead({ resource, scope }));
  to.delimited(RESOURCE_LOGS, resourceLogs);
  to.raw(resource);
  to.delimited(SCOPE_LOGS, scopeLogs);
  to.raw(scope);
  return to.bytes();
}

/** Most bytes of a request without its records. */
export function requestOverhead({ resource, scope }: LogContext): number {
  return resource.length + scope.length + 2 * (1 + varintSize(Number.MAX_SAFE_INTEGER));
}

/**
 * Cuts a body into its records.
 *
 * @throws RangeError when the body is not a sequence of records.
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

const RETRY_INFO_TYPE = 'google.rpc.RetryInfo';

/**
 * The wait that a server asks for in `grpc-status-details-bin`: a google.rpc.Status whose details hold an Any with a
 * google.rpc.RetryInfo (googleapis google/rpc/status.proto, error_details.proto).
 *
 * @returns milliseconds; undefined when there is none or the trailer is damaged.
 */
export function readRetryInfoMillis(status: Uint8Array): number | undefined {
  try {
    for (const any of fields(status, 3)) {
      const [type] = fields(any, 1);
      const [info] = fields(any, 2);
      if (type === undefined || info === undefined) continue;
      if (!new TextDecoder().decode(type).endsWith(`/${RETRY_INFO_TYPE}`)) continue;
      const [duration] = fields(info, 1);
      if (duration === undefined) return 0;
      return Number(varintField(duration, 1)) * 1_000 + Number(varintField(duration, 2)) / 1_000_000;
    }
  } catch (error) {
    // A damaged trailer says nothing about a wait; the status itself is still valid.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** Contents of a message's length-delimited fields of one number. */
function fields(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const { field, content } of walk(message)) {
    if (field === wanted && content instanceof Uint8Array) found.push(content);
  }
  return found;
}

function varintField(message: Uint8Array, wanted: number): bigint {
  for (const { field, content } of walk(message)) {
    if (field === wanted && typeof content === 'bigint') return BigInt.asIntN(64, content);
  }
  return 0n;
}

function* walk(message: Uint8Array): Generator<{ field: number; content: Uint8Array | bigint | undefined }> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number ends early');
  };
  while (at < message.length) {
    const key = varint();
    const field = Number(key >> 3n);
    const wireType = Number(key & 7n);
    if (wireType === 0) {
      yield { field, content: varint() };
      continue;
    }
    const length = wireType === 2 ? Number(varint()) : wireType === 1 ? 8 : wireType === 5 ? 4 : Number.NaN;
    if (!(at + length <= message.length)) throw new RangeError('a field ends early');
    yield { field, content: wireType === 2 ? message.subarray(at, at + length) : undefined };
    at += length;
  }
}

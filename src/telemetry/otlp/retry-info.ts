import { readFields } from './message-reader.ts';

const RETRY_INFO_TYPE = 'google.rpc.RetryInfo';

/**
 * The delay that a server requests in `grpc-status-details-bin`: a google.rpc.Status whose details hold an Any with a
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
    // a damaged trailer requests no delay; the status code itself is still valid
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** Contents of a message's length-delimited fields of one number. */
function fields(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const { field, content } of readFields(message)) {
    if (field === wanted && content instanceof Uint8Array) found.push(content);
  }
  return found;
}

function varintField(message: Uint8Array, wanted: number): bigint {
  for (const { field, content } of readFields(message)) {
    if (field === wanted && typeof content === 'bigint') return BigInt.asIntN(64, content);
  }
  return 0n;
}

import { toRfc3339 } from '../record/hr-time.ts';
import { readFields } from './message-reader.ts';

/** The fields of a record that `memwarden spool inspect` prints. */
export interface DecodedRecord {
  timestamp?: string;
  eventName?: string;
  severityText?: string;
  body?: unknown;
  attributes: Record<string, unknown>;
}

const NS_PER_SECOND = 1_000_000_000n;

/**
 * Decodes a record as log-encoder.ts writes it (`log_records` of ScopeLogs, with key and length).
 *
 * @throws RangeError when it is damaged.
 */
export function decodeRecord(bytes: Uint8Array): DecodedRecord {
  for (const { content } of readFields(bytes))
    if (content instanceof Uint8Array) return decodeMessage(content);
  throw new RangeError('there is no record');
}

/** Decodes a LogRecord message without key and length. @throws RangeError when it is damaged. */
export function decodeMessage(message: Uint8Array): DecodedRecord {
  const record: DecodedRecord = { attributes: {} };
  for (const { field, content } of readFields(message)) {
    if (field === 1 && typeof content === 'bigint') {
      record.timestamp = toRfc3339([Number(content / NS_PER_SECOND), Number(content % NS_PER_SECOND)]);
    } else if (content instanceof Uint8Array) {
      if (field === 3) record.severityText = text(content);
      else if (field === 5) record.body = anyValue(content);
      else if (field === 12) record.eventName = text(content);
      else if (field === 6) addAttribute(record.attributes, content);
    }
  }
  return record;
}

function addAttribute(to: Record<string, unknown>, message: Uint8Array): void {
  let key = '';
  let value: unknown;
  for (const { field, content } of readFields(message)) {
    if (!(content instanceof Uint8Array)) continue;
    if (field === 1) key = text(content);
    else if (field === 2) value = anyValue(content);
  }
  to[key] = value;
}

/** AnyValue of common.proto: string, bool, int, double or array. */
function anyValue(message: Uint8Array): unknown {
  for (const { field, content } of readFields(message)) {
    if (typeof content === 'bigint') {
      if (field === 2) return content !== 0n;
      if (field === 3) return Number(BigInt.asIntN(64, content));
      if (field === 4) return new Float64Array(BigUint64Array.of(content).buffer)[0];
    } else if (field === 1) {
      return text(content);
    } else if (field === 5) {
      return [...readFields(content)].map(
        item => item.content instanceof Uint8Array && anyValue(item.content),
      );
    }
  }
  return undefined;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

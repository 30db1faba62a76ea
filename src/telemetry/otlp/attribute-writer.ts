import type { AttributeSink } from '../record/attribute-sink.ts';
import { MessageWriter, utf8Size, varintSize } from './message-writer.ts';

/** Fields of KeyValue, AnyValue and ArrayValue (opentelemetry/proto/common/v1/common.proto). */
const KEY = 1;
const VALUE = 2;
const STRING_VALUE = 1;
const BOOL_VALUE = 2;
const INT_VALUE = 3;
const DOUBLE_VALUE = 4;
const ARRAY_VALUE = 5;
const VALUES = 1;

const INT64_END = 2 ** 63;

/** Cache of encoded attribute names. Bounded: all names are from the code or the configuration. */
const keys = new Map<string, Uint8Array>();

/** Writes attributes as repeated KeyValue. */
export class AttributeWriter implements AttributeSink {
  readonly #to: MessageWriter;
  readonly #field: number;

  /** @param field number of the attributes' field in the message that is being written */
  constructor(to: MessageWriter, field: number) {
    this.#to = to;
    this.#field = field;
  }

  /** @throws TypeError for a value that OTLP has no type for */
  set(name: string, value: unknown): void {
    if (value === undefined) return;
    const to = this.#to;
    const key = keyOf(name);
    if (typeof value === 'string') {
      // the common case: the length of the text is computed only once
      const textBytes = utf8Size(value);
      to.delimited(this.#field, key.length + fieldSize(fieldSize(textBytes)));
      to.raw(key);
      writeText(to, VALUE, value, textBytes);
    } else {
      to.delimited(this.#field, key.length + fieldSize(valueSize(value)));
      to.raw(key);
      writeAnyValue(to, VALUE, value);
    }
  }

  /** Writes attributes that are already encoded. */
  raw(encoded: Uint8Array): void {
    this.#to.raw(encoded);
  }
}

/**
 * Writes a field of type AnyValue.
 * @throws TypeError for a value that OTLP has no type for
 */
export function writeAnyValue(to: MessageWriter, field: number, value: unknown): void {
  if (typeof value === 'string') {
    writeText(to, field, value, utf8Size(value));
    return;
  }
  to.delimited(field, valueSize(value));
  if (typeof value === 'boolean') {
    to.number(BOOL_VALUE, value ? 1 : 0);
  } else if (typeof value === 'number') {
    if (isInt64(value)) to.number(INT_VALUE, value);
    else to.double(DOUBLE_VALUE, value);
  } else if (Array.isArray(value)) {
    to.delimited(ARRAY_VALUE, arraySize(value));
    for (const item of value) writeAnyValue(to, VALUES, item);
  }
}

function writeText(to: MessageWriter, field: number, text: string, textBytes: number): void {
  to.delimited(field, fieldSize(textBytes));
  to.string(STRING_VALUE, text, textBytes);
}

/** Bytes of an AnyValue. */
function valueSize(value: unknown): number {
  if (typeof value === 'string') return fieldSize(utf8Size(value));
  if (typeof value === 'boolean') return 2;
  if (typeof value === 'number') return isInt64(value) ? 1 + varintSize(value) : 9;
  if (Array.isArray(value)) return fieldSize(arraySize(value));
  throw new TypeError(`failed to encode a value: OTLP logs here carry no ${typeof value}`);
}

/**
 * Whether a number fits `int_value`. A larger one (a program can pass any length to mmap(2)) would be an invalid varint,
 * for which the collector would refuse the whole request.
 */
function isInt64(value: number): boolean {
  return Number.isInteger(value) && value >= -INT64_END && value < INT64_END;
}

function arraySize(values: readonly unknown[]): number {
  return values.reduce<number>((sum, value) => sum + fieldSize(valueSize(value)), 0);
}

/** Bytes of a length-delimited field, with its key and length. */
function fieldSize(contentBytes: number): number {
  return 1 + varintSize(contentBytes) + contentBytes;
}

function keyOf(name: string): Uint8Array {
  let key = keys.get(name);
  if (key === undefined) {
    const bytes = utf8Size(name);
    const writer = new MessageWriter(fieldSize(bytes));
    writer.string(KEY, name, bytes);
    key = writer.bytes();
    keys.set(name, key);
  }
  return key;
}

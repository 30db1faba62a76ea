import { type Memory, UNPOOLED } from './buffer-pool.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
/** Below these lengths a loop is faster than the call into native code (measured). */
const NATIVE_STRING_MIN = 32;
const NATIVE_COPY_MIN = 64;
/** Most bytes of a field's key and the varint after it. The key has one byte: all field numbers here are below 16. */
const NUMBER_MAX_BYTES = 11;
/** Bytes reserved for the length of a message until it is known: enough for 128 bytes to 16 KiB. */
const LENGTH_BYTES = 2;

/**
 * Protocol buffers writer into one buffer that grows. Where the length of a field is known it is written first. The length
 * of a message between open() and close() is filled in afterwards, in a gap that has the right size for most messages.
 */
export class MessageWriter {
  #buffer: Buffer;
  #view: DataView;
  readonly #memory: Memory;
  readonly #room: number;
  /** End of what was written, from the start of the buffer. */
  #end: number;

  /**
   * @param bytes capacity before the buffer must grow
   * @param room free bytes in front of the first field
   */
  constructor(bytes: number, memory: Memory = UNPOOLED, room = 0) {
    this.#memory = memory;
    this.#room = room;
    this.#end = room;
    this.#buffer = memory.take(room + bytes, room);
    this.#view = new DataView(this.#buffer.buffer);
  }

  get length(): number {
    return this.#end - this.#room;
  }

  /** The written bytes, without a copy: valid until the next write or truncate. */
  bytes(): Buffer {
    return this.#buffer.subarray(this.#room, this.#end);
  }

  /** Removes everything after the first `length` bytes. */
  truncate(length: number): void {
    this.#end = this.#room + length;
  }

  /** Begins a message in a field. @returns the position to pass to `close` */
  open(field: number): number {
    this.#reserve(1 + LENGTH_BYTES);
    this.#buffer[this.#end] = (field << 3) | LENGTH_DELIMITED;
    this.#end += 1 + LENGTH_BYTES;
    return this.#end;
  }

  close(start: number): void {
    const bytes = this.#end - start;
    const excess = varintSize(bytes) - LENGTH_BYTES;
    if (excess !== 0) {
      this.#reserve(Math.max(excess, 0));
      this.#buffer.copyWithin(start + excess, start, this.#end);
    }
    this.#end = start - LENGTH_BYTES;
    this.#varint(bytes);
    this.#end += bytes;
  }

  /** Begins a length-delimited field. The caller must write exactly this many bytes next. */
  delimited(field: number, bytes: number): void {
    this.#reserve(NUMBER_MAX_BYTES);
    this.#buffer[this.#end++] = (field << 3) | LENGTH_DELIMITED;
    this.#varint(bytes);
  }

  /** A field of a non-negative integer up to 2^53, or of a negative one as int64. */
  number(field: number, value: number): void {
    this.#reserve(NUMBER_MAX_BYTES);
    this.#buffer[this.#end++] = (field << 3) | VARINT;
    if (value < 0) this.#negative(value);
    else this.#varint(value);
  }

  double(field: number, value: number): void {
    this.#reserve(9);
    this.#buffer[this.#end++] = (field << 3) | FIXED64;
    this.#view.setFloat64(this.#end, value, true);
    this.#end += 8;
  }

  fixed64(field: number, value: bigint): void {
    this.#reserve(9);
    this.#buffer[this.#end++] = (field << 3) | FIXED64;
    this.#view.setBigUint64(this.#end, value, true);
    this.#end += 8;
  }

  /**
   * A field of text in UTF-8; a lone surrogate becomes U+FFFD.
   * @param bytes its `utf8Size`
   */
  string(field: number, value: string, bytes: number): void {
    this.#reserve(NUMBER_MAX_BYTES + bytes);
    this.#buffer[this.#end++] = (field << 3) | LENGTH_DELIMITED;
    this.#varint(bytes);
    const buffer = this.#buffer;
    const start = this.#end;
    if (bytes !== value.length) buffer.write(value, start, bytes, 'utf8');
    else if (bytes >= NATIVE_STRING_MIN) buffer.write(value, start, bytes, 'latin1');
    else for (let i = 0; i < bytes; i++) buffer[start + i] = value.charCodeAt(i);
    this.#end = start + bytes;
  }

  /** Writes bytes that are already encoded. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    const buffer = this.#buffer;
    const start = this.#end;
    if (length >= NATIVE_COPY_MIN) buffer.set(bytes, start);
    else for (let i = 0; i < length; i++) buffer[start + i] = bytes[i] as number;
    this.#end = start + length;
  }

  #varint(value: number): void {
    const buffer = this.#buffer;
    let at = this.#end;
    let rest = value;
    while (rest > 0x7f_ff_ff_ff) {
      buffer[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.#end = at;
  }

  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < NEGATIVE_BYTES - 1; i++) {
      this.#buffer[this.#end++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#end++] = Number(rest);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = this.#memory.take(Math.max(this.#buffer.length * 2, needed), this.#room);
    grown.set(this.bytes(), this.#room);
    this.#memory.give(this.#buffer);
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Bytes of a negative integer as a varint: always those of an int64. */
const NEGATIVE_BYTES = 10;

/** Bytes of an integer as a varint. */
export function varintSize(value: number): number {
  if (value < 0) return NEGATIVE_BYTES;
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Bytes of a text in UTF-8. */
export function utf8Size(value: string): number {
  const { length } = value;
  if (length >= NATIVE_STRING_MIN) return Buffer.byteLength(value);
  for (let i = 0; i < length; i++) if (value.charCodeAt(i) > 0x7f) return Buffer.byteLength(value);
  return length;
}

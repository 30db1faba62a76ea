/** Below this length a loop beats the call into native code (measured: 24–40 characters). */
const NATIVE_STRING_MIN = 32;
const INITIAL_BYTES = 16 * 1024;

/**
 * Protocol-buffer writer that fills its buffer from the end: a message is complete, and its length known, before the
 * length has to be written in front of it. So one pass does, without sizing first and without moving bytes.
 * Everything is written last to first: values before their tags, fields in reverse.
 */
export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #start = INITIAL_BYTES;

  /** Bytes written; the mark from which a length-delimited field is closed. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** What was written, valid until the next `reset`. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start);
  }

  reset(): void {
    this.#start = this.#buffer.length;
  }

  /** A field's key; field numbers up to 15 take one byte, and OTLP logs have no other. */
  tag(field: number, wireType: number): void {
    this.#reserve(1);
    this.#buffer[--this.#start] = (field << 3) | wireType;
  }

  /** Ends a length-delimited field whose content was begun when `length` was `mark`: its length, then its key. */
  close(field: number, mark: number): void {
    this.varint(this.length - mark);
    this.tag(field, 2);
  }

  /** A non-negative integer up to 2^53, or a negative one as int64. */
  varint(value: number): void {
    if (value < 0) {
      this.#negative(value);
      return;
    }
    const size = varintSize(value);
    this.#reserve(size);
    this.#start -= size;
    let at = this.#start;
    let rest = value;
    while (rest > 0x7f_ff_ff_ff) {
      this.#buffer[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[at] = rest;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#buffer.writeDoubleLE(value, this.#start);
  }

  /** A fixed64. */
  fixed64(value: bigint): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#buffer.writeBigUInt64LE(value, this.#start);
  }

  /** UTF-8 with its length; a lone surrogate becomes U+FFFD. */
  string(value: string): void {
    const mark = this.length;
    if (value.length >= NATIVE_STRING_MIN || !this.#ascii(value)) {
      const size = Buffer.byteLength(value);
      this.#reserve(size);
      this.#start -= size;
      this.#buffer.write(value, this.#start, size);
    }
    this.varint(this.length - mark);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#start -= bytes.length;
    this.#buffer.set(bytes, this.#start);
  }

  #ascii(value: string): boolean {
    this.#reserve(value.length);
    const start = this.#start - value.length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#buffer[start + i] = code;
    }
    this.#start = start;
    return true;
  }

  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes = new Uint8Array(10);
    for (let i = 0; i < 9; i++) {
      bytes[i] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    bytes[9] = Number(rest);
    this.raw(bytes);
  }

  #reserve(size: number): void {
    if (this.#start >= size) return;
    const used = this.bytes();
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used.length + size));
    grown.set(used, grown.length - used.length);
    this.#start = grown.length - used.length;
    this.#buffer = grown;
  }
}

/** Bytes of a non-negative integer as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

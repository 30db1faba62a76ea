/** Where buffers come from and go to. */
export interface Memory {
  /** A buffer of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer;
  /** Nobody uses this any more. Nothing for what was not taken from here, so that it may be called for any bytes. */
  give(bytes: Uint8Array): void;
}

/** Leaves all of it to the garbage collector. */
export const UNPOOLED: Memory = {
  take: bytes => Buffer.allocUnsafeSlow(bytes),
  give: () => undefined,
};

/** Most bytes that are kept for later: a few requests' worth. */
const FREE_BYTES_MAX = 8 * 1024 * 1024;
/** Sizes are multiples of this, so that a buffer fits the next, slightly larger request. */
const GRAIN_BYTES = 64 * 1024;

/**
 * Keeps large buffers to be used again. In a storm each second needs some hundred megabytes of them: memory that is new to
 * the process costs a page fault every 4 KiB, and the garbage collector is called for it long before it has anything else
 * to do.
 */
export class BufferPool implements Memory {
  readonly #taken = new WeakSet<ArrayBufferLike>();
  #free: Buffer[] = [];
  #freeBytes = 0;

  take(bytes: number): Buffer {
    const fitting = this.#free.filter(({ length }) => length >= bytes);
    const smallest = fitting.reduce<Buffer | undefined>(
      (best, buffer) => (best === undefined || buffer.length < best.length ? buffer : best),
      undefined,
    );
    const buffer = smallest ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / GRAIN_BYTES) * GRAIN_BYTES);
    if (smallest !== undefined) {
      this.#free = this.#free.filter(free => free !== smallest);
      this.#freeBytes -= smallest.length;
    }
    this.#taken.add(buffer.buffer);
    return buffer;
  }

  give({ buffer }: Uint8Array): void {
    if (!this.#taken.delete(buffer)) return;
    if (this.#freeBytes + buffer.byteLength > FREE_BYTES_MAX) return;
    this.#free.push(Buffer.from(buffer));
    this.#freeBytes += buffer.byteLength;
  }
}

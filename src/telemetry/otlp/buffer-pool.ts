/** Allocates and takes back buffers. */
export interface Memory {
  /**
   * A buffer of at least this many bytes, not initialised.
   * @param room free bytes at its start, into which a head can be written later
   */
  take(bytes: number, room: number): Buffer;
  /** Free bytes directly in front of `bytes`. */
  roomBefore(bytes: Uint8Array): number;
  /** Takes a buffer back that is no longer used. Ignores bytes that are not from here, so any bytes may be passed. */
  give(bytes: Uint8Array): void;
}

/** Allocates without a pool and leaves the buffers to the garbage collector. */
export const UNPOOLED: Memory = {
  take: bytes => Buffer.allocUnsafeSlow(bytes),
  roomBefore: () => 0,
  give: () => undefined,
};

/** Most bytes of free buffers in the pool: those of a few requests. */
const FREE_BYTES_MAX = 4 * 1024 * 1024;
/** Sizes are multiples of this, so that a buffer fits the next, slightly larger request. */
const GRAIN_BYTES = 64 * 1024;
/** A buffer is reused only up to this multiple of the wanted size: a small batch must not occupy a large buffer. */
const WASTE_MAX = 2;

/**
 * Reuses large buffers. A storm needs some hundred megabytes of them per second. Each new buffer would cost a page fault
 * per 4 KiB, and their number would start the garbage collector much more often.
 */
export class BufferPool implements Memory {
  /** Buffers in use, with the room at their start. */
  readonly #taken = new WeakMap<ArrayBufferLike, number>();
  readonly #free: Buffer[] = [];
  #freeBytes = 0;

  take(bytes: number, room: number): Buffer {
    const wanted = Math.max(1, Math.ceil(bytes / GRAIN_BYTES)) * GRAIN_BYTES;
    let best = -1;
    this.#free.forEach(({ length }, i) => {
      const isBetter = best < 0 || length < (this.#free[best]?.length ?? 0);
      if (length >= wanted && length <= wanted * WASTE_MAX && isBetter) best = i;
    });
    const [reused] = best < 0 ? [] : this.#free.splice(best, 1);
    if (reused !== undefined) this.#freeBytes -= reused.length;
    const buffer = reused ?? Buffer.allocUnsafeSlow(wanted);
    this.#taken.set(buffer.buffer, room);
    return buffer;
  }

  roomBefore({ buffer, byteOffset }: Uint8Array): number {
    return this.#taken.get(buffer) === byteOffset ? byteOffset : 0;
  }

  give({ buffer }: Uint8Array): void {
    if (!this.#taken.delete(buffer)) return;
    this.#free.push(Buffer.from(buffer));
    this.#freeBytes += buffer.byteLength;
    // drop the oldest, whose size has not been wanted for the longest time
    while (this.#freeBytes > FREE_BYTES_MAX) this.#freeBytes -= this.#free.shift()?.length ?? 0;
  }
}

/** Where buffers come from and go to. */
export interface Memory {
  /**
   * A buffer of at least so many bytes, with anything in it.
   * @param room bytes at its start that are left free for whoever has to put something in front of the rest
   */
  take(bytes: number, room: number): Buffer;
  /** How many bytes directly before these are free. */
  roomBefore(bytes: Uint8Array): number;
  /** Nobody uses this any more. Nothing for what was not taken from here, so that it may be called for any bytes. */
  give(bytes: Uint8Array): void;
}

/** Leaves all of it to the garbage collector. */
export const UNPOOLED: Memory = {
  take: bytes => Buffer.allocUnsafeSlow(bytes),
  roomBefore: () => 0,
  give: () => undefined,
};

/** Most bytes that are kept for later: a few requests' worth. */
const FREE_BYTES_MAX = 4 * 1024 * 1024;
/** Sizes are multiples of this, so that a buffer fits the next, slightly larger request. */
const GRAIN_BYTES = 64 * 1024;
/** A small batch that waits must not keep the memory of a large one from it. */
const WASTE_MAX = 2;

/**
 * Keeps large buffers to be used again. In a storm each second needs some hundred megabytes of them: memory that is new to
 * the process costs a page fault every 4 KiB, and the garbage collector is called for it long before it has anything else
 * to do.
 */
export class BufferPool implements Memory {
  /** What is in use, with the room at its start. */
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
    // the oldest is of a size that is not asked for now
    while (this.#freeBytes > FREE_BYTES_MAX) this.#freeBytes -= this.#free.shift()?.length ?? 0;
  }
}

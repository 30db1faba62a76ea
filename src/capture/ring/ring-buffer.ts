import { type Mapping, mapShared, PAGE_BYTES } from '../../native/libc.ts';

/** Header of a record, kernel/bpf/ringbuf.c struct bpf_ringbuf_hdr: length and flags, then a page offset. */
const HEADER_BYTES = 8;
const BUSY_BIT = 0x8000_0000;
const DISCARD_BIT = 0x4000_0000;
const LENGTH_MASK = 0x3fff_ffff;
/** Above the size of any record, and at most that of any ring buffer: bpf/lib/maps.bpf.h. */
const RECORD_BYTES_MAX = 65_536;

/**
 * The consumer's side of a BPF ring buffer, read in place.
 *
 *     consumer position | producer position | data …  | the same data again …
 *     1 page, read-write  1 page, read-only   read-only
 *
 * The kernel maps the data twice in a row, so that no record is ever split. Of the second mapping only as much is mapped
 * here as a record can reach into: every mapped page of a map counts as resident memory, each time it is mapped.
 *
 * Reading and releasing are two steps: `read` advances only the position of this object, and `release` writes it to the
 * kernel, once the events are saved.
 */
export class RingBuffer {
  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #consumerPosition: BigUint64Array;
  readonly #producerPosition: BigUint64Array;
  readonly #headers: Uint32Array;
  readonly #sizeBytes: number;
  #position: bigint;

  /** @param fd map of type BPF_MAP_TYPE_RINGBUF @param sizeBytes its max_entries */
  constructor(fd: number, sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#consumer = mapShared(fd, PAGE_BYTES, 0, true);
    this.#producer = mapShared(fd, PAGE_BYTES + sizeBytes + RECORD_BYTES_MAX, PAGE_BYTES, false);
    this.#consumerPosition = new BigUint64Array(this.#consumer.buffer, 0, 1);
    this.#producerPosition = new BigUint64Array(this.#producer.buffer, 0, 1);
    this.#headers = new Uint32Array(this.#producer.buffer, PAGE_BYTES);
    this.#position = Atomics.load(this.#consumerPosition, 0);
  }

  /** The producer page and the data; the offsets that `read` passes to `visit` count from its start. */
  get memory(): ArrayBuffer {
    return this.#producer.buffer;
  }

  /**
   * Visits the records that are complete, oldest first, at most `limit` of them.
   * A record that a CPU is still writing ends the round, so that the kernel's order is kept.
   * @returns how many were visited
   */
  read(limit: number, visit: (offset: number, lengthBytes: number) => void): number {
    let visited = 0;
    const { end } = this;
    while (this.#position < end && visited < limit) {
      const at = Number(this.#position & BigInt(this.#sizeBytes - 1));
      const header = Atomics.load(this.#headers, at >>> 2);
      if (header & BUSY_BIT) break;
      const length = header & LENGTH_MASK;
      this.#position += BigInt((length + HEADER_BYTES + 7) & ~7);
      if (header & DISCARD_BIT) continue;
      visit(PAGE_BYTES + at + HEADER_BYTES, length);
      visited++;
    }
    return visited;
  }

  /** End of what has been read, bytes since the buffer was created. */
  get position(): bigint {
    return this.#position;
  }

  /** Where the kernel writes next, bytes since the buffer was created. */
  get end(): bigint {
    return Atomics.load(this.#producerPosition, 0);
  }

  /** Skips records that the previous process read and saved, but had not released when it ended. */
  skipTo(position: bigint): void {
    if (position > this.#position && position <= this.end) this.#position = position;
  }

  /** Releases the space of everything read so far to the kernel. */
  release(): void {
    Atomics.store(this.#consumerPosition, 0, this.#position);
  }

  /** Views of `memory` must not be used after this: it is unmapped. */
  close(): void {
    this.#consumer.unmap();
    this.#producer.unmap();
  }
}

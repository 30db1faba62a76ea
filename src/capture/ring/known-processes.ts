import { type Canonical, canonical } from '../identity.ts';

/** Processes that are remembered, at about a kilobyte each; beyond this number all are forgotten and decoded again. */
const KNOWN_MAX = 2_048;

interface Known<T extends object> {
  /** Its fixed parts, as 32-bit words. */
  readonly words: Uint32Array;
  readonly lengths: readonly number[];
  readonly text: Buffer;
  readonly process: Canonical<T>;
}

/** Which parts of a record describe a process. */
export interface Description {
  /** Fixed parts, bytes from the start of the record: multiples of 4, as the kernel aligns records to 8. */
  readonly parts: readonly { readonly at: number; readonly bytes: number }[];
  /** The first and the last of its strings, which are adjacent in the record. */
  readonly strings: readonly [first: number, last: number];
}

/**
 * Returns the object that was decoded from the same bytes before. A storm comes from few processes: an equal description
 * is not decoded again, and later stages cache what they compute from it by its object. See {@link Canonical}.
 */
export class KnownProcesses<T extends object> {
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  readonly #description: Description;
  readonly #known = new Map<number, Known<T>>();

  constructor(memory: ArrayBuffer, description: Description) {
    this.#words = new Uint32Array(memory, 0, memory.byteLength >>> 2);
    this.#bytes = Buffer.from(memory);
    this.#description = description;
  }

  /**
   * @param tid key of the memory: one description is kept per thread
   * @param offset start of the record, bytes
   * @param ends start of the record's first string, then the end of each
   */
  recall(tid: number, offset: number, ends: Uint32Array, decode: () => T): Canonical<T> {
    const known = this.#known.get(tid);
    if (known !== undefined && this.#isSame(known, offset, ends)) return known.process;
    const process = canonical(decode());
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(tid, { ...this.#copy(offset, ends), process });
    return process;
  }

  #isSame({ words, lengths, text }: Known<T>, offset: number, ends: Uint32Array): boolean {
    const { parts, strings } = this.#description;
    let at = 0;
    for (const part of parts) {
      const first = (offset + part.at) >>> 2;
      for (let i = 0; i < part.bytes >>> 2; i++) if (words[at++] !== this.#words[first + i]) return false;
    }
    const [first, last] = strings;
    for (let i = first; i <= last; i++) if (lengthOf(ends, i) !== lengths[i - first]) return false;
    return this.#bytes.compare(text, 0, text.length, ends[first], ends[last + 1]) === 0;
  }

  #copy(offset: number, ends: Uint32Array): Omit<Known<T>, 'process'> {
    const { parts, strings } = this.#description;
    const [first, last] = strings;
    return {
      words: Uint32Array.from(
        parts.flatMap(({ at, bytes }) => {
          const start = offset + at;
          return [...this.#words.subarray(start >>> 2, (start + bytes) >>> 2)];
        }),
      ),
      lengths: Array.from({ length: last - first + 1 }, (_, i) => lengthOf(ends, first + i)),
      text: Buffer.from(this.#bytes.subarray(ends[first], ends[last + 1])),
    };
  }
}

function lengthOf(ends: Uint32Array, string: number): number {
  return (ends[string + 1] ?? 0) - (ends[string] ?? 0);
}

/** Processes that are remembered, at about a kilobyte each; beyond it all are forgotten and learnt again. */
const KNOWN_MAX = 2_048;

interface Known<T> {
  /** The fixed parts of the description, as 32-bit words. */
  readonly words: Uint32Array;
  readonly lengths: readonly number[];
  readonly text: Buffer;
  readonly process: T;
}

/** Where a description lies in the memory, bytes; the parts lie at multiples of 4, as the kernel aligns records. */
export interface Description {
  readonly parts: readonly { readonly start: number; readonly bytes: number }[];
  /** Start of the first of its strings, then the end of each. */
  readonly ends: readonly number[];
}

/**
 * Gives back the object that the same bytes gave before. Storms come from few processes: what is equal is not decoded
 * again, and later stages can keep what they know of a process by its object.
 */
export class KnownProcesses<T> {
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  readonly #known = new Map<number, Known<T>>();

  constructor(memory: ArrayBuffer) {
    this.#words = new Uint32Array(memory, 0, memory.byteLength >>> 2);
    this.#bytes = Buffer.from(memory);
  }

  /** @param tid where to look for it: descriptions of different threads are different ones */
  recall(tid: number, description: Description, decode: () => T): T {
    const known = this.#known.get(tid);
    if (known !== undefined && this.#isSame(known, description)) return known.process;
    const process = decode();
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(tid, { ...this.#copy(description), process });
    return process;
  }

  #isSame({ words, lengths, text }: Known<T>, { parts, ends }: Description): boolean {
    let at = 0;
    for (const { start, bytes } of parts) {
      const first = start >>> 2;
      for (let i = 0; i < bytes >>> 2; i++) if (words[at++] !== this.#words[first + i]) return false;
    }
    for (let i = 0; i < lengths.length; i++) {
      if ((ends[i + 1] ?? 0) - (ends[i] ?? 0) !== lengths[i]) return false;
    }
    return this.#bytes.compare(text, 0, text.length, ends[0], ends.at(-1)) === 0;
  }

  #copy({ parts, ends }: Description): Omit<Known<T>, 'process'> {
    return {
      words: Uint32Array.from(
        parts.flatMap(({ start, bytes }) => [...this.#words.subarray(start >>> 2, (start + bytes) >>> 2)]),
      ),
      lengths: ends.slice(1).map((end, i) => end - (ends[i] ?? 0)),
      text: Buffer.from(this.#bytes.subarray(ends[0], ends.at(-1))),
    };
  }
}

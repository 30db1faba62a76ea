import type { BatchContent } from './batch-table.ts';

/** Most bytes of bodies in memory: those of a few requests, so that nothing is read back while the collector keeps up. */
const BYTES_MAX = 8 * 1024 * 1024;

/** A batch as it was written, and its uncompressed body. */
export interface FreshBatch {
  readonly content: BatchContent;
  readonly body: Uint8Array;
}

/** Cache of the batches appended last. While the collector keeps up, these are sent next, without reading the disk. */
export class FreshBodies {
  readonly #batches = new Map<number, FreshBatch>();
  #bytes = 0;

  add(id: number, batch: FreshBatch): void {
    this.#batches.set(id, batch);
    this.#bytes += batch.body.length;
    for (const oldest of this.#batches.keys()) {
      if (this.#bytes <= BYTES_MAX) return;
      this.remove(oldest);
    }
  }

  /** Undefined when the batch must be read from the database. */
  get(id: number): FreshBatch | undefined {
    return this.#batches.get(id);
  }

  remove(id: number): void {
    this.#bytes -= this.#batches.get(id)?.body.length ?? 0;
    this.#batches.delete(id);
  }
}

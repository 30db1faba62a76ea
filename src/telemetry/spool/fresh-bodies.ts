import type { BatchContent } from './batch-table.ts';

/** Most bytes of bodies in memory: a few requests' worth, so that a collector that keeps up is never read for. */
const BYTES_MAX = 8 * 1024 * 1024;

/** A batch as it was written, and its body as it is sent. */
export interface FreshBatch {
  readonly content: BatchContent;
  readonly body: Uint8Array;
}

/** The batches appended last, which are the next to be sent while the collector keeps up: those need not be read back. */
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

  /** Undefined when it has to be read. */
  get(id: number): FreshBatch | undefined {
    return this.#batches.get(id);
  }

  remove(id: number): void {
    this.#bytes -= this.#batches.get(id)?.body.length ?? 0;
    this.#batches.delete(id);
  }
}

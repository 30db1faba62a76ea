import type { Checkpoint, CheckpointChanges } from '../../checkpoint.ts';
import type { RingBuffer } from './ring-buffer.ts';

const ENTRY = 'ring';
const ENTRY_BYTES = 16;

/**
 * The position in the ring buffer up to which events are saved. The space is released to the kernel only after they are
 * saved, so after a crash in between the next process would read the same events again. This entry is saved in one step
 * with the events, and the next process skips to it.
 */
export class ResumePoint {
  readonly #ring: RingBuffer;
  readonly #createdNs: bigint;

  /** @param createdNs when the maps were created: a position in another ring buffer is ignored */
  constructor(ring: RingBuffer, createdNs: bigint) {
    this.#ring = ring;
    this.#createdNs = createdNs;
  }

  resume(checkpoint: Checkpoint): void {
    const entry = checkpoint.get(ENTRY);
    if (entry?.length !== ENTRY_BYTES) return;
    const { buffer, byteOffset } = entry;
    const view = new DataView(buffer, byteOffset);
    if (view.getBigUint64(0, true) === this.#createdNs) this.#ring.skipTo(view.getBigUint64(8, true));
  }

  changes(): CheckpointChanges {
    const entry = new Uint8Array(ENTRY_BYTES);
    const view = new DataView(entry.buffer);
    view.setBigUint64(0, this.#createdNs, true);
    view.setBigUint64(8, this.#ring.position, true);
    return new Map([[ENTRY, entry]]);
  }
}

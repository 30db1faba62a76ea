import type { Checkpoint, CheckpointChanges } from '../../checkpoint.ts';
import type { RingBuffer } from './ring-buffer.ts';

const ENTRY = 'ring';
const ENTRY_BYTES = 16;

/**
 * How far the ring buffer has been read *and* its events are safe. The kernel is told only afterwards, so a process that
 * ends in between would read the same events again; this entry, kept together with them, tells the next one.
 */
export class ResumePoint {
  readonly #ring: RingBuffer;
  readonly #createdNs: bigint;

  /** @param createdNs when the maps were made: another ring buffer's position means nothing */
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

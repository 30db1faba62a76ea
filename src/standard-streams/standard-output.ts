import { DescriptorWriter, type WriteResult } from './descriptor-writer.ts';
import type { RecordOutput } from './record-output.ts';

/** stdout, for the records of `run`, `tail` and `replay`. */
export class StandardOutput implements RecordOutput {
  readonly stream: NodeJS.WriteStream = process.stdout;
  readonly #writer = new DescriptorWriter(1);

  write(bytes: Uint8Array): Promise<WriteResult> {
    return this.#writer.write(bytes);
  }

  abandon(): void {
    this.#writer.abandon();
  }

  /** EIO is permanent for a terminal, which has been closed, and may be temporary for a disk. */
  isReaderGone({ code }: NodeJS.ErrnoException): boolean {
    return code === 'EPIPE' || code === 'ECONNRESET' || (code === 'EIO' && this.#writer.isTerminal);
  }
}

import { DescriptorWriter, type Written } from './descriptor-writer.ts';
import type { RecordOutput } from './record-output.ts';

/** stdout, as `run`, `tail` and `replay` write records to it. */
export class StandardOutput implements RecordOutput {
  readonly stream: NodeJS.WriteStream = process.stdout;
  readonly #writer = new DescriptorWriter(1);

  write(bytes: Uint8Array): Promise<Written> {
    return this.#writer.write(bytes);
  }

  abandon(): void {
    this.#writer.abandon();
  }

  /** A terminal that was closed answers EIO from then on; a disk that does so may recover. */
  isReaderGone({ code }: NodeJS.ErrnoException): boolean {
    return code === 'EPIPE' || code === 'ECONNRESET' || (code === 'EIO' && this.#writer.isTerminal);
  }
}

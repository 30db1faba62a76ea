import type { Written } from './descriptor-writer.ts';

/** Where the console exporter's lines go. */
export interface RecordOutput {
  /** Says whether there are colours, and how wide a line may be. */
  readonly stream: NodeJS.WritableStream;
  /** Resolves when they have been taken, or will not be. Never rejects. */
  write(bytes: Uint8Array): Promise<Written>;
  /** Gives up what has not been written, and everything after it. */
  abandon(): void;
  /** Whether this error means that there is no reader any more, and never will be. */
  isReaderGone(error: NodeJS.ErrnoException): boolean;
}

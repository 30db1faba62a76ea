import type { WriteResult } from './descriptor-writer.ts';

/** The output of the console exporter. */
export interface RecordOutput {
  /** Decides about colours and the width of lines. */
  readonly stream: NodeJS.WritableStream;
  /** Resolves when they are written, or when that has failed. Never rejects. */
  write(bytes: Uint8Array): Promise<WriteResult>;
  /** Drops what has not been written, and everything after it. */
  abandon(): void;
  /** Whether the error means that the reader has gone for ever. */
  isReaderGone(error: NodeJS.ErrnoException): boolean;
}

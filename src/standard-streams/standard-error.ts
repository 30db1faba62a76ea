import { guarded } from '../printing/guard-output.ts';
import { DescriptorWriter } from './descriptor-writer.ts';

/** Most bytes of messages that wait to be written: some thousand lines. More are dropped. */
const WAITING_BYTES_MAX = 256 * 1024;

/**
 * stderr, for diagnostics and messages. Never throws and never blocks: messages that cannot be written are counted, and the
 * count is written as soon as that is possible again.
 */
export class MessageStream {
  readonly #writer: DescriptorWriter;
  readonly #name: string;
  #waitingBytes = 0;
  #dropped = 0;
  #reported = 0;
  #cause = '';
  #written: Promise<void> = Promise.resolve();

  constructor(writer: DescriptorWriter, name: string) {
    this.#writer = writer;
    this.#name = name;
  }

  /** Number of messages that could not be written. */
  get dropped(): number {
    return this.#dropped;
  }

  write(message: string): void {
    const bytes = Buffer.from(guarded(message, process.stderr));
    if (this.#waitingBytes + bytes.length > WAITING_BYTES_MAX) {
      this.#drop('nobody reads it');
      return;
    }
    this.#waitingBytes += bytes.length;
    this.#written = this.#writer.write(bytes).then(({ error }) => {
      this.#waitingBytes -= bytes.length;
      if (error !== undefined) this.#drop(error.message);
      else this.#report();
    });
  }

  /** Resolves when everything has been written, or after `millis`. */
  async flush(millis: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, millis);
    await Promise.race([this.#allWritten(), late]);
    clearTimeout(timer);
  }

  async #allWritten(): Promise<void> {
    while (this.#waitingBytes > 0) await this.#written;
  }

  #drop(cause: string): void {
    this.#dropped += 1;
    this.#cause = cause;
  }

  #report(): void {
    const count = this.#dropped - this.#reported;
    if (count === 0) return;
    this.#reported = this.#dropped;
    const messages = count === 1 ? '1 message' : `${count} messages`;
    this.write(
      `${new Date().toISOString()} memwarden failed to write ${messages} to ${this.#name}: ${this.#cause}\n`,
    );
  }
}

export const standardError: MessageStream = new MessageStream(new DescriptorWriter(2), 'stderr');

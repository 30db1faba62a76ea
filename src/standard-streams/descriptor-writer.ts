import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** The result of a write. */
export interface WriteResult {
  /** How many the kernel has accepted. */
  readonly bytes: number;
  /** Why it has not accepted the rest. */
  readonly error: NodeJS.ErrnoException | undefined;
}

/** Waits between attempts after EAGAIN, ms: each is twice the one before. */
const FIRST_WAIT_MILLIS = 5;
const LONGEST_WAIT_MILLIS = 100;

interface PendingWrite {
  readonly bytes: Uint8Array;
  at: number;
  readonly resolve: (written: WriteResult) => void;
}

/**
 * Writes to a descriptor in order without ever blocking the event loop: neither for a terminal stopped with Ctrl-S, nor for
 * a pipe that nobody reads, nor for a file on a disk that hangs. Node's own streams write to terminals and files
 * synchronously, and an error event without a listener ends the process.
 */
export class DescriptorWriter {
  readonly isTerminal: boolean;
  readonly #fd: number;
  /** Whether writes are non-blocking. Others, such as those to files, each occupy a thread of libuv's pool. */
  readonly #nonBlocking: boolean;
  readonly #queue: PendingWrite[] = [];
  #busy = false;
  #abandoned = false;
  #waitMillis = FIRST_WAIT_MILLIS;
  #timer: NodeJS.Timeout | undefined;

  constructor(fd: number) {
    this.isTerminal = isatty(fd);
    const own = this.isTerminal || isPipe(fd) ? reopened(fd) : undefined;
    this.#fd = own ?? fd;
    this.#nonBlocking = own !== undefined;
  }

  /** Resolves when the kernel has accepted all of it, or when that has failed. Never rejects. */
  write(bytes: Uint8Array): Promise<WriteResult> {
    return new Promise(resolve => {
      this.#queue.push({ bytes, at: 0, resolve });
      // at once where possible, so that messages before the end of the process are not left in the queue
      if (!this.#busy) this.#next();
    });
  }

  /** Drops what has not been written, and writes nothing from now on. */
  abandon(): void {
    this.#abandoned = true;
    // nothing is under way any more: what is still asked for is answered at once
    this.#busy = false;
    clearTimeout(this.#timer);
    const error = Object.assign(new Error('nobody read it in time'), { code: 'ETIMEDOUT' });
    for (const { at, resolve } of this.#queue.splice(0)) resolve({ bytes: at, error });
  }

  #next(): void {
    for (;;) {
      const first = this.#queue[0];
      this.#busy = first !== undefined;
      if (first === undefined) return;
      if (this.#abandoned) {
        this.abandon();
      } else if (first.at >= first.bytes.length) {
        this.#done(undefined);
      } else if (this.#nonBlocking) {
        try {
          this.#accepted(first, writeSync(this.#fd, first.bytes, first.at));
        } catch (error) {
          if (this.#failed(error as NodeJS.ErrnoException)) return;
        }
      } else {
        write(this.#fd, first.bytes, first.at, null, null, (error, bytes) => {
          if (this.#abandoned) return;
          if (error === null) this.#accepted(first, bytes);
          else if (this.#failed(error)) return;
          this.#next();
        });
        return;
      }
    }
  }

  #accepted(first: PendingWrite, bytes: number): void {
    first.at += bytes;
    this.#waitMillis = FIRST_WAIT_MILLIS;
  }

  /** @returns whether the same bytes are tried again later */
  #failed(error: NodeJS.ErrnoException): boolean {
    if (error.code === 'EINTR') return false;
    if (error.code !== 'EAGAIN') {
      this.#done(error);
      return false;
    }
    this.#timer = setTimeout(() => this.#next(), this.#waitMillis);
    this.#waitMillis = Math.min(2 * this.#waitMillis, LONGEST_WAIT_MILLIS);
    return true;
  }

  #done(error: NodeJS.ErrnoException | undefined): void {
    const first = this.#queue.shift();
    first?.resolve({ bytes: first.at, error });
  }
}

function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO();
  } catch {
    return false; // a write will report the error
  }
}

/**
 * Opens the same pipe or terminal again, with O_NONBLOCK. The flag belongs to the open file description, which is shared
 * with the shell and other processes, and these do not expect EAGAIN.
 *
 * @returns undefined where that is not allowed or there is no /proc; writes then block a thread of the pool
 */
function reopened(fd: number): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

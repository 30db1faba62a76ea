import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** What became of bytes that were to be written. */
export interface Written {
  /** As many of them as the kernel has taken. */
  readonly bytes: number;
  /** Why it has not taken the rest. */
  readonly error: NodeJS.ErrnoException | undefined;
}

/** Waits between attempts at a descriptor that takes nothing at the moment: each twice the one before. Milliseconds. */
const FIRST_WAIT_MILLIS = 5;
const LONGEST_WAIT_MILLIS = 100;

interface Waiting {
  readonly bytes: Uint8Array;
  at: number;
  readonly resolve: (written: Written) => void;
}

/**
 * Writes to a descriptor in order, and never blocks the event loop, whatever is at the other end: a terminal that was
 * stopped with Ctrl-S, a pipe that nobody reads, a file on a disk that hangs. Node's own streams write to terminals and
 * files synchronously, and an error of theirs that nobody listens for ends the process.
 */
export class DescriptorWriter {
  readonly isTerminal: boolean;
  readonly #fd: number;
  /** A write returns at once; what is left is a file, which takes a thread of libuv's pool for each write. */
  readonly #nonBlocking: boolean;
  readonly #queue: Waiting[] = [];
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

  /** Resolves when the kernel has taken all of it, or will not. Never rejects. */
  write(bytes: Uint8Array): Promise<Written> {
    return new Promise(resolve => {
      this.#queue.push({ bytes, at: 0, resolve });
      // at once where that is possible: what is said before the process ends is not left in a queue
      if (!this.#busy) this.#next();
    });
  }

  /** Takes back what has not been written, and writes nothing from now on. */
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
          this.#taken(first, writeSync(this.#fd, first.bytes, first.at));
        } catch (error) {
          if (this.#failed(error as NodeJS.ErrnoException)) return;
        }
      } else {
        write(this.#fd, first.bytes, first.at, null, null, (error, bytes) => {
          if (this.#abandoned) return;
          if (error === null) this.#taken(first, bytes);
          else if (this.#failed(error)) return;
          this.#next();
        });
        return;
      }
    }
  }

  #taken(first: Waiting, bytes: number): void {
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
    return false; // a write tells what is wrong with it
  }
}

/**
 * The same pipe or terminal, opened anew: O_NONBLOCK belongs to what was opened, which may be shared with the shell and
 * others, to whom a write that fails with EAGAIN would be a surprise.
 *
 * @returns undefined where that is not allowed, or there is no /proc: writes may block then, but for a thread of the pool
 */
function reopened(fd: number): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createHangMeter } from '../event-loop/hang-meter.ts';
import { EXIT } from '../exit-codes.ts';
import { type WatchOptions, watch } from './watch.ts';

/** How often the event loop shows that it is not blocked, ms. */
const BEAT_MILLIS = 1_000;

/** Longest time that the event loop may hang, ms: far above what a slow disk takes, since the end loses what is not spooled. */
const HANG_MILLIS = 30_000;
/** The same during the start, in which the kernel verifies the programs, on a slow machine for minutes. */
const START_HANG_MILLIS = 300_000;

/**
 * Ends the process when a stop takes too long, or when the event loop hangs and would see nothing for ever; from another
 * thread, since the event loop may be blocked: SQLite writes on it, and a write to a disk that hangs does not return.
 */
export class StopWatchdog {
  readonly #board = { beats: int32(), hangMillis: int32(), stopRequested: int32() };
  readonly #worker: Worker;
  readonly #beat: NodeJS.Timeout;

  constructor() {
    const workerData: WatchOptions = {
      ...this.#board,
      // .ts in a clone, .js in the package
      libc: new URL(`../../native/libc${extname(import.meta.url)}`, import.meta.url).href,
      lateStatus: EXIT.failure,
      hungStatus: EXIT.hung,
    };
    Atomics.store(this.#board.hangMillis, 0, START_HANG_MILLIS);
    // the text of the function instead of a file: for a TypeScript file the thread would load a compiler, 17 MB
    this.#worker = new Worker(`(${watch})(${createHangMeter})`, { eval: true, workerData });
    this.#worker.unref();
    this.#beat = setInterval(() => Atomics.add(this.#board.beats, 0, 1), BEAT_MILLIS).unref();
  }

  /** The start is over. @param hangMillis see HANG_MILLIS; tests wait for less */
  started(hangMillis: number = HANG_MILLIS): void {
    Atomics.store(this.#board.hangMillis, 0, hangMillis);
  }

  /** Starts the deadline. */
  stopRequested(): void {
    Atomics.store(this.#board.stopRequested, 0, 1);
    Atomics.notify(this.#board.stopRequested, 0);
  }

  /** @param onError called when the thread has failed, so that there is no deadline */
  onError(onError: (error: unknown) => void): void {
    this.#worker.on('error', error => {
      clearInterval(this.#beat);
      onError(error);
    });
  }
}

function int32(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

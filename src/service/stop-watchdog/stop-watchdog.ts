import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EXIT } from '../exit-codes.ts';
import { type WatchOptions, watch } from './watch.ts';

/** How often the event loop shows that it turns, ms. */
const BEAT_MILLIS = 1_000;

/**
 * Ends the process when a stop takes too long, whatever the event loop is blocked in: SQLite writes to the disk on it, and a
 * write to a disk that hangs never returns. So it watches from another thread.
 */
export class StopWatchdog {
  readonly #board = { beats: int32(), stopRequested: int32() };
  readonly #worker: Worker;
  readonly #beat: NodeJS.Timeout;

  constructor() {
    const workerData: WatchOptions = {
      ...this.#board,
      // .ts here, .js in the package
      libc: new URL(`../../native/libc${extname(import.meta.url)}`, import.meta.url).href,
      status: EXIT.failure,
    };
    // the function's text and no file: a file of TypeScript would load a compiler into the thread, of 17 MB
    this.#worker = new Worker(`(${watch})()`, { eval: true, workerData });
    this.#worker.unref();
    this.#beat = setInterval(() => Atomics.add(this.#board.beats, 0, 1), BEAT_MILLIS).unref();
  }

  /** From now on the time runs. */
  stopRequested(): void {
    Atomics.store(this.#board.stopRequested, 0, 1);
    Atomics.notify(this.#board.stopRequested, 0);
  }

  /** @param onError called where it cannot watch */
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

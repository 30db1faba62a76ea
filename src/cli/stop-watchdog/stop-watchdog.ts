import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BEATS, BOARD_BYTES, STOP_REQUESTED } from './board.ts';

/** How often the event loop shows that it turns, ms. */
const BEAT_MILLIS = 1_000;

/**
 * Ends the process when a stop takes too long, whatever the event loop is blocked in: SQLite writes to the disk on it, and a
 * write to a disk that hangs never returns. So it watches from another thread.
 */
export class StopWatchdog {
  readonly #board = new Int32Array(new SharedArrayBuffer(BOARD_BYTES));
  readonly #worker: Worker;
  readonly #beat: NodeJS.Timeout;

  constructor() {
    const watch = new URL(`./watch${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(watch, {
      workerData: this.#board,
      // it allocates next to nothing, and must not be resident as a second program
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
    });
    this.#worker.unref();
    this.#beat = setInterval(() => Atomics.add(this.#board, BEATS, 1), BEAT_MILLIS).unref();
  }

  /** From now on the time runs. */
  stopRequested(): void {
    Atomics.store(this.#board, STOP_REQUESTED, 1);
    Atomics.notify(this.#board, STOP_REQUESTED);
  }

  /** @param onError called where it cannot watch */
  onError(onError: (error: unknown) => void): void {
    this.#worker.on('error', error => {
      clearInterval(this.#beat);
      onError(error);
    });
  }
}

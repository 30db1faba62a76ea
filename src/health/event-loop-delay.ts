import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Time between two measurements, ms. Each wakes an idle process, which `npm run bench:idle` sees. */
const RESOLUTION_MILLIS = 100;
/** How long the worst delay is reported at least, ms; at most twice that. */
const WINDOW_MILLIS = 30_000;
/** Longest delay, seconds, of an event loop that is not stuck: a busy disk or CPU takes less. */
const STUCK_SECONDS = 10;

/** What is used of the histogram; times in ns, the resolution included. */
type Delays = Pick<ReturnType<typeof monitorEventLoopDelay>, 'max' | 'reset'>;

/**
 * The worst delay of the event loop in the last 30 to 60 s. While the loop is stuck nobody gets an answer, which a probe
 * takes for not ready; this is how the time after it is reported, and a loop that gets stuck again and again.
 */
export class EventLoopDelay {
  readonly #delays: Delays;
  readonly #now: () => number;
  readonly #stop: () => void;
  #windowMillis: number;
  #beforeSeconds = 0;

  /** @param delays measured ones; by default those of this process. @param now monotonic time, ms */
  constructor(delays?: Delays, now: () => number = () => performance.now()) {
    if (delays === undefined) {
      const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });
      histogram.enable();
      this.#delays = histogram;
      this.#stop = () => histogram.disable();
    } else {
      this.#delays = delays;
      this.#stop = () => {};
    }
    this.#now = now;
    this.#windowMillis = now();
  }

  worstSeconds(): number {
    const current = Math.max(0, this.#delays.max / 1e9 - RESOLUTION_MILLIS / 1e3);
    const worst = Math.max(current, this.#beforeSeconds);
    if (this.#now() - this.#windowMillis >= WINDOW_MILLIS) {
      this.#beforeSeconds = current;
      this.#delays.reset();
      this.#windowMillis = this.#now();
    }
    return worst;
  }

  /** Why the event loop cannot be relied on; undefined while it can. */
  problem(): string | undefined {
    const worst = this.worstSeconds();
    if (worst < STUCK_SECONDS) return undefined;
    return `the event loop was stuck for ${Math.floor(worst)} s in the last minute`;
  }

  stop(): void {
    this.#stop();
  }
}

/** Waits between attempts: each twice the one before, up to the longest, with jitter so that senders do not march in step. */
export class Backoff {
  readonly #initialMillis: number;
  readonly #maxMillis: number;
  readonly #random: () => number;
  #attempts = 0;

  /** @param random a number from 0 to 1, for tests. */
  constructor(initialMillis: number, maxMillis: number, random: () => number = Math.random) {
    this.#initialMillis = initialMillis;
    this.#maxMillis = maxMillis;
    this.#random = random;
  }

  /** The next wait, ms: between half of and the whole of its step. */
  next(): number {
    const step = Math.min(this.#initialMillis * 2 ** this.#attempts, this.#maxMillis);
    // beyond this the step is the longest for any sensible pair, and the power must not overflow
    if (this.#attempts < 32) this.#attempts += 1;
    return step * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}

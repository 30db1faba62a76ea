/** Exponential backoff: each wait doubles, up to a maximum. Jitter keeps many senders from retrying at the same moment. */
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

  /** The next wait, ms: a random time from half of the step to the whole step. */
  next(): number {
    const step = Math.min(this.#initialMillis * 2 ** this.#attempts, this.#maxMillis);
    // after 32 doublings the step is the maximum for any sensible settings; more would overflow the power
    if (this.#attempts < 32) this.#attempts += 1;
    return step * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}

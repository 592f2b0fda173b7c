/**
 * Waiting between tries, with full jitter: uniform in [0, min(cap, base · 2^attempt)] ms, so that many clients that
 * failed together do not return together. (Brooker, "Exponential Backoff And Jitter", 2015.)
 */
export class Backoff {
  readonly #base: number;
  readonly #cap: number;
  readonly #random: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;

  constructor(
    base: number,
    cap: number,
    random: () => number,
    sleep: (milliseconds: number) => Promise<void>,
  ) {
    this.#base = base;
    this.#cap = cap;
    this.#random = random;
    this.#sleep = sleep;
  }

  /** @param attempt number of tries so far, from 1. */
  wait(attempt: number): Promise<void> {
    return this.#sleep(this.#random() * Math.min(this.#cap, this.#base * 2 ** attempt));
  }
}

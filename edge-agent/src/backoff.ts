/** A number in [0, 1): the dice are passed in, so that tests can load them. */
export type Dice = () => number;

/**
 * Full-jitter exponential back-off: uniform in [0, min(cap, base · 2ⁿ)], so that a fleet that lost its broker at one
 * moment does not come back at one moment.
 */
export class Backoff {
  readonly #base: number;
  readonly #cap: number;
  readonly #dice: Dice;
  #attempt = 0;

  constructor(base: number, cap: number, dice: Dice) {
    this.#base = base;
    this.#cap = cap;
    this.#dice = dice;
  }

  get attempts(): number {
    return this.#attempt;
  }

  /** Wall ms to wait before the next try. */
  next(): number {
    const ceiling = Math.min(this.#cap, this.#base * 2 ** Math.min(this.#attempt, 30));
    this.#attempt++;
    return Math.round(this.#dice() * ceiling);
  }

  reset(): void {
    this.#attempt = 0;
  }
}

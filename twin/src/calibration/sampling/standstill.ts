/** How long walkers stand still: the first sign of a part of the posterior where proposals hardly work. */
export class Standstill {
  readonly #at: Float64Array[] = [];
  readonly #since: number[] = [];
  #sweep = 0;
  #longest = 0;

  /** Points after one more sweep; a walker that did not move has the very same array. */
  note(points: readonly Float64Array[]): void {
    points.forEach((point, walker) => {
      if (this.#at[walker] !== point) {
        this.#at[walker] = point;
        this.#since[walker] = this.#sweep;
      }
      this.#longest = Math.max(this.#longest, this.#sweep - (this.#since[walker] as number));
    });
    this.#sweep++;
  }

  /** Sweeps in a row in which one walker did not move. */
  get longest(): number {
    return this.#longest;
  }
}

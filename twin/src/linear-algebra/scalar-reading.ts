import type { Matrix } from "./matrix.ts";

const FOUR = 4;

/**
 * What one scalar reading does to every row of an array that is written in the coordinates z ~ N(0, I):
 *
 *     y = vᵀ z + e,  e ~ N(0, 1):   Cov[z | y] = I − v vᵀ/α = T Tᵀ,   α = 1 + vᵀ v,   row ← row T,   T lower triangular
 *     b_j = 1 + Σ_{i>j} v_i²,   T_jj = √(b_j/b_{j−1}),   T_ij = −v_i v_j/√(b_j b_{j−1})
 *
 * All sums are of squares: nothing cancels, whatever the prior's size against the noise.
 * @see Carlson (1973), AIAA J. 11(9), "Fast triangular formulation of the square root filter"; Bierman (1977), §V.
 */
export class ScalarReading {
  readonly #v: Float64Array;
  readonly #keep: Float64Array;
  readonly #mix: Float64Array;
  #variance = 1;

  constructor(size: number) {
    this.#v = new Float64Array(size);
    this.#keep = new Float64Array(size);
    this.#mix = new Float64Array(size);
  }

  /** α: the variance of y against that of its noise. */
  get variance(): number {
    return this.#variance;
  }

  /** v ← the first entries of row `row` of `array`. */
  take(array: Matrix, row: number): void {
    const start = row * array.columns;
    let after = 1;
    for (let index = this.#v.length - 1; index >= 0; index--) {
      const value = array.data[start + index] as number;
      const before = after + value * value;
      this.#v[index] = value;
      this.#keep[index] = Math.sqrt(after / before);
      this.#mix[index] = value / Math.sqrt(after * before);
      after = before;
    }
    this.#variance = after;
  }

  /**
   * Rows `from` … `to` − 1 of `array` ← row T, in their first entries; along[row] ← row · v as it was before: the row's covariance
   * with y. With `triangular`, what lies above the diagonal is 0 and stays so.
   */
  apply(array: Matrix, from: number, to: number, along: Float64Array, triangular: boolean): void {
    let row = from;
    for (; row + FOUR <= to; row += FOUR)
      this.#applyToFour(array, row, triangular ? row + FOUR : this.#v.length, along);
    for (; row < to; row++) along[row] = this.#applyToOne(array, row, triangular ? row + 1 : this.#v.length);
  }

  #applyToOne({ data, columns }: Matrix, row: number, length: number): number {
    const v = this.#v;
    const keep = this.#keep;
    const mix = this.#mix;
    const start = row * columns;
    let along = 0;
    for (let index = length - 1; index >= 0; index--) {
      const value = data[start + index] as number;
      data[start + index] = (keep[index] as number) * value - (mix[index] as number) * along;
      along += (v[index] as number) * value;
    }
    return along;
  }

  /** Four rows side by side: one row alone would wait for its own sum at every entry. */
  #applyToFour({ data, columns }: Matrix, row: number, length: number, along: Float64Array): void {
    const v = this.#v;
    const keep = this.#keep;
    const mix = this.#mix;
    const start = row * columns;
    let first = 0;
    let second = 0;
    let third = 0;
    let fourth = 0;
    for (let index = length - 1; index >= 0; index--) {
      const weight = v[index] as number;
      const stay = keep[index] as number;
      const leave = mix[index] as number;
      const place = start + index;
      const a = data[place] as number;
      const b = data[place + columns] as number;
      const c = data[place + 2 * columns] as number;
      const d = data[place + 3 * columns] as number;
      data[place] = stay * a - leave * first;
      data[place + columns] = stay * b - leave * second;
      data[place + 2 * columns] = stay * c - leave * third;
      data[place + 3 * columns] = stay * d - leave * fourth;
      first += weight * a;
      second += weight * b;
      third += weight * c;
      fourth += weight * d;
    }
    along[row] = first;
    along[row + 1] = second;
    along[row + 2] = third;
    along[row + 3] = fourth;
  }
}

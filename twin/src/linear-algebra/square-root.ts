import type { Matrix } from "./matrix.ts";

/**
 * The in-place steps of square-root filters: no allocation, lower triangles only, shapes checked by the callers, once.
 */

/**
 * Lower triangle of `out` ← Σ over the columns `from` … `to` − 1 of c cᵀ: the Gram matrix of the first `rows` rows of `array`.
 */
export function gramOfRows(
  array: Matrix,
  from: number,
  to: number,
  out: Matrix,
  rows: number = array.rows,
): void {
  const { data, columns } = array;
  const g = out.data;
  const size = out.columns;
  for (let row = 0; row < rows; row += 2) {
    const paired = row + 1 < rows;
    const top = row * columns;
    const bottom = paired ? top + columns : top;
    for (let column = 0; column <= row; column += 2) {
      const left = column * columns;
      const right = column + 1 < rows ? left + columns : left;
      let nw = 0;
      let ne = 0;
      let sw = 0;
      let se = 0;
      for (let inner = from; inner < to; inner++) {
        const a = data[top + inner] as number;
        const b = data[bottom + inner] as number;
        const c = data[left + inner] as number;
        const d = data[right + inner] as number;
        nw += a * c;
        ne += a * d;
        sw += b * c;
        se += b * d;
      }
      g[row * size + column] = nw;
      if (column < row) g[row * size + column + 1] = ne;
      if (!paired) continue;
      g[(row + 1) * size + column] = sw;
      g[(row + 1) * size + column + 1] = se;
    }
  }
}

/**
 * Lower triangle of A ← L with A = L Lᵀ, for the leading `size` × `size` block; above the diagonal it becomes 0.
 * @returns the smallest pivot as a share of its diagonal entry (how nearly dependent the rows are: −log₁₀ of it are the
 *   digits that the factor has lost); −(row + 1) when the pivot of `row` is not a positive number, A then being spoilt.
 * @see Golub & Van Loan (2013), Matrix Computations, §4.2.
 */
export function choleskyInPlace(matrix: Matrix, size: number = matrix.rows): number {
  const { data, columns } = matrix;
  let smallest = 1;
  for (let row = 0; row < size; row++) {
    const start = row * columns;
    for (let column = 0; column < row; column++) {
      const other = column * columns;
      let sum = data[start + column] as number;
      for (let inner = 0; inner < column; inner++)
        sum -= (data[start + inner] as number) * (data[other + inner] as number);
      data[start + column] = sum / (data[other + column] as number);
      data[other + row] = 0;
    }
    const diagonal = data[start + row] as number;
    let pivot = diagonal;
    for (let inner = 0; inner < row; inner++) pivot -= (data[start + inner] as number) ** 2;
    if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return -(row + 1);
    smallest = Math.min(smallest, pivot / diagonal);
    data[start + row] = Math.sqrt(pivot);
  }
  return smallest;
}

/** `right` ← L⁻¹ `right` for the lower-triangular leading `size` × `size` block of `factor` and `size` rows of `right`. */
export function solveLowerInPlace(factor: Matrix, right: Matrix, size: number): void {
  const l = factor.data;
  const x = right.data;
  const width = right.columns;
  for (let row = 0; row < size; row++) {
    const target = row * width;
    for (let inner = 0; inner < row; inner++) {
      const scale = l[row * factor.columns + inner] as number;
      if (scale === 0) continue;
      const source = inner * width;
      for (let column = 0; column < width; column++)
        x[target + column] = (x[target + column] as number) - scale * (x[source + column] as number);
    }
    const pivot = l[row * factor.columns + row] as number;
    for (let column = 0; column < width; column++)
      x[target + column] = (x[target + column] as number) / pivot;
  }
}

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

/** Pivots of a covariance within so much of 0, relative to its diagonal, are rounding: the row depends on those before it. */
const SEMIDEFINITE = 1e-10;

/**
 * Lower-triangular `factor` with factor · factorᵀ = A for a positive *semi*-definite A: a dependent row gets a pivot of 0.
 * @returns −1, or the row whose pivot is negative beyond rounding: A is no covariance.
 */
export function factorSemidefinite(matrix: Matrix, factor: Matrix): number {
  const size = matrix.rows;
  for (let column = 0; column < size; column++) {
    const scale = Math.abs(matrix.get(column, column));
    const pivot = remainder(matrix, factor, column, column);
    if (!(pivot >= -SEMIDEFINITE * scale)) return column;
    const dependent = pivot <= 8 * size * Number.EPSILON * scale;
    const root = dependent ? 0 : Math.sqrt(pivot);
    factor.set(column, column, root);
    for (let row = column + 1; row < size; row++) {
      const rest = remainder(matrix, factor, row, column);
      const limit = Math.sqrt(SEMIDEFINITE * scale * Math.abs(matrix.get(row, row)));
      if (dependent && !(Math.abs(rest) <= limit)) return column;
      factor.set(row, column, dependent ? 0 : rest / root);
      factor.set(column, row, 0);
    }
  }
  return -1;
}

function remainder(matrix: Matrix, factor: Matrix, row: number, column: number): number {
  let rest = matrix.get(row, column);
  for (let inner = 0; inner < column; inner++) rest -= factor.get(row, inner) * factor.get(column, inner);
  return rest;
}

import { requireFinite } from "./finite.ts";
import { Matrix, shapeError } from "./matrix.ts";
import { spanAdd, spanScale, stridedNorm } from "./spans.ts";

/**
 * A P = Q R by Householder reflections: A m × n, Q orthogonal m × m, R upper triangular k × n, k = min(m, n).
 *
 *     Q = H₀ H₁ … H_{k−1},   H_j = I − τ_j v_j v_jᵀ,   v_j = (0, …, 0, 1, …)
 *
 * P is the identity for `qr`; for `pivotedQr` column j of A P is column `permutation[j]` of A.
 */
export class QrFactor {
  readonly rows: number;
  readonly columns: number;
  readonly permutation: readonly number[];
  /** Number of diagonal entries of R that stand above rounding; without pivoting an upper bound of the rank. */
  readonly rank: number;
  readonly #packed: Matrix;
  readonly #scales: Float64Array;

  constructor(packed: Matrix, scales: Float64Array, permutation: readonly number[], rank: number) {
    this.rows = packed.rows;
    this.columns = packed.columns;
    this.permutation = permutation;
    this.rank = rank;
    this.#packed = packed;
    this.#scales = scales;
  }

  /** R. */
  upper(): Matrix {
    const upper = new Matrix(this.#scales.length, this.columns);
    for (let row = 0; row < upper.rows; row++)
      for (let column = row; column < this.columns; column++)
        upper.set(row, column, this.#packed.get(row, column));
    return upper;
  }

  /** Qᵀ B for B of m rows. */
  applyTransposed(right: Matrix): Matrix {
    const result = this.#copyOf(right);
    for (let step = 0; step < this.#scales.length; step++) this.#reflect(result, step);
    return result;
  }

  /** Q B for B of m rows. */
  apply(right: Matrix): Matrix {
    const result = this.#copyOf(right);
    for (let step = this.#scales.length - 1; step >= 0; step--) this.#reflect(result, step);
    return result;
  }

  /** The first k columns of Q. */
  orthogonal(): Matrix {
    const columns = new Matrix(this.rows, this.#scales.length);
    for (let index = 0; index < columns.columns; index++) columns.set(index, index, 1);
    return this.apply(columns);
  }

  #copyOf(right: Matrix): Matrix {
    if (right.rows !== this.rows)
      throw shapeError(`Q of ${this.rows} × ${this.rows} times ${right.rows} rows`, `${this.rows} rows`);
    return right.copy();
  }

  #reflect(target: Matrix, step: number): void {
    reflect(target, 0, this.#packed, step, this.#scales[step] as number);
  }
}

/**
 * @throws {TwinError} NOT_FINITE
 * @see Golub & Van Loan (2013), Matrix Computations, §5.2.
 */
export const qr = (matrix: Matrix): QrFactor => factorise(matrix, false, roundingOf(matrix));

/**
 * QR with the largest remaining column first, so that |R_jj| falls and the rank shows.
 *
 * @param tolerance columns count as dependent once |R_jj| ≤ tolerance · |R_00|; what is left of them is rounding.
 * @throws {TwinError} NOT_FINITE
 * @see Golub & Van Loan (2013), §5.4.2 (Businger & Golub 1965); norms are recomputed, not down-dated.
 */
export const pivotedQr = (matrix: Matrix, tolerance: number = roundingOf(matrix)): QrFactor =>
  factorise(matrix, true, tolerance);

/** max(m, n) ε: what rounding alone leaves of a dependent column. */
const roundingOf = (matrix: Matrix): number => Math.max(matrix.rows, matrix.columns) * Number.EPSILON;

function factorise(matrix: Matrix, pivoting: boolean, tolerance: number): QrFactor {
  requireFinite(matrix, "the matrix to factorise");
  const packed = matrix.copy();
  const steps = Math.min(matrix.rows, matrix.columns);
  const scales = new Float64Array(steps);
  const permutation = Array.from({ length: matrix.columns }, (_, column) => column);
  let largest = 0;
  let rank = 0;
  for (let step = 0; step < steps; step++) {
    if (pivoting) {
      const pivot = largestColumn(packed, step);
      swapColumns(packed, step, pivot);
      [permutation[step], permutation[pivot]] = [permutation[pivot] as number, permutation[step] as number];
    }
    const scale = makeReflector(packed, step);
    scales[step] = scale;
    reflect(packed, step + 1, packed, step, scale);
    const magnitude = Math.abs(packed.get(step, step));
    largest = Math.max(largest, magnitude);
    if (magnitude > tolerance * largest) rank++;
  }
  return new QrFactor(packed, scales, permutation, rank);
}

/** Column `step` from its diagonal on becomes R_jj and the tail of v; returns τ. */
function makeReflector(packed: Matrix, step: number): number {
  const width = packed.columns;
  const start = step * width + step;
  const norm = stridedNorm(packed.data, start, width, packed.rows - step);
  const head = packed.get(step, step);
  if (norm === 0 || norm === Math.abs(head)) return 0;
  const diagonal = head > 0 ? -norm : norm;
  for (let row = step + 1; row < packed.rows; row++)
    packed.set(row, step, packed.get(row, step) / (head - diagonal));
  packed.set(step, step, diagonal);
  return (diagonal - head) / diagonal;
}

/** Columns `from`… of target ← H · target, with v in column `step` of `packed`. */
function reflect(target: Matrix, from: number, packed: Matrix, step: number, scale: number): void {
  const width = target.columns - from;
  if (scale === 0 || width <= 0) return;
  const products = new Float64Array(width);
  const start = (row: number): number => row * target.columns + from;
  spanAdd(products, 0, 1, target.data, start(step), width);
  for (let row = step + 1; row < target.rows; row++)
    spanAdd(products, 0, packed.get(row, step), target.data, start(row), width);
  spanScale(products, 0, scale, width);
  spanAdd(target.data, start(step), -1, products, 0, width);
  for (let row = step + 1; row < target.rows; row++)
    spanAdd(target.data, start(row), -packed.get(row, step), products, 0, width);
}

function largestColumn(packed: Matrix, step: number): number {
  let best = step;
  let largest = -1;
  for (let column = step; column < packed.columns; column++) {
    const norm = stridedNorm(packed.data, step * packed.columns + column, packed.columns, packed.rows - step);
    if (norm > largest) {
      largest = norm;
      best = column;
    }
  }
  return best;
}

function swapColumns(matrix: Matrix, first: number, second: number): void {
  if (first === second) return;
  for (let row = 0; row < matrix.rows; row++) {
    const kept = matrix.get(row, first);
    matrix.set(row, first, matrix.get(row, second));
    matrix.set(row, second, kept);
  }
}

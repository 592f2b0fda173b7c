import { TwinError } from "../errors.ts";
import { Matrix, shapeError } from "./matrix.ts";
import { spanAdd } from "./spans.ts";

/**
 * P = U D Uᵀ: U upper triangular with a unit diagonal, D ≥ 0. A covariance kept so cannot lose its definiteness, and needs
 * no square roots; of all forms it keeps the most digits of ill-conditioned ones.
 */
export interface UnitFactor {
  readonly unit: Matrix;
  readonly diagonal: Float64Array;
}

/**
 * U D Uᵀ of a positive *semi*definite matrix; reads the upper triangle. A pivot within n ε of the variance it came from is
 * what rounding leaves of 0, and is 0 here: such a matrix has fewer sources of noise than states.
 *
 * @throws {TwinError} NOT_POSITIVE_SEMIDEFINITE names the pivot.
 * @see Bierman (1977), Factorization Methods for Discrete Sequential Estimation, §III.3.
 */
export function unitFactor(matrix: Matrix): UnitFactor {
  const size = matrix.rows;
  if (matrix.columns !== size) throw shapeError(`${size} × ${matrix.columns}`, "a square matrix");
  const rest = matrix.copy();
  const unit = Matrix.identity(size);
  const diagonal = new Float64Array(size);
  for (let pivot = size - 1; pivot >= 0; pivot--) {
    const value = rest.get(pivot, pivot);
    const rounding = 8 * size * Number.EPSILON * Math.abs(matrix.get(pivot, pivot));
    if (!(value >= -rounding)) throw notSemidefinite(pivot, size, value);
    if (value <= rounding) {
      checkEmpty(rest, matrix, pivot);
      continue;
    }
    diagonal[pivot] = value;
    for (let row = 0; row < pivot; row++) unit.set(row, pivot, rest.get(row, pivot) / value);
    for (let row = 0; row < pivot; row++)
      for (let column = row; column < pivot; column++)
        rest.add(row, column, -unit.get(row, pivot) * value * unit.get(column, pivot));
  }
  return { unit, diagonal };
}

/** U D Uᵀ, symmetric to the last bit. */
export function composeUnitFactor({ unit, diagonal }: UnitFactor, out?: Matrix): Matrix {
  const size = unit.rows;
  const result = out ?? new Matrix(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = row; column < size; column++) {
      let sum = 0;
      for (let inner = column; inner < size; inner++)
        sum += unit.get(row, inner) * (diagonal[inner] as number) * unit.get(column, inner);
      result.set(row, column, sum);
      result.set(column, row, sum);
    }
  }
  return result;
}

/**
 * Bayes' rule for one scalar reading y = zᵀx + v, Var[v] = r > 0, in place: `factor` becomes that of the posterior, `gain`
 * the Kalman gain K. Returns Var[y] = zᵀPz + r. Exact cancellation-free recursions; allocates nothing.
 * @see Bierman (1977), §V.3.
 */
export function unitMeasurementUpdate(
  factor: UnitFactor,
  row: ArrayLike<number>,
  variance: number,
  gain: Float64Array,
): number {
  const { unit, diagonal } = factor;
  let innovation = variance;
  for (let column = 0; column < diagonal.length; column++) {
    // f = Uᵀ z and b = D f, one entry at a time; `innovation` is r + Σ_{i ≤ column} f_i b_i.
    let along = row[column] as number;
    for (let above = 0; above < column; above++) along += unit.get(above, column) * (row[above] as number);
    const spread = (diagonal[column] as number) * along;
    const before = innovation;
    innovation += along * spread;
    diagonal[column] = (diagonal[column] as number) * (before / innovation);
    const ratio = -along / before;
    for (let above = 0; above < column; above++) {
      const kept = unit.get(above, column);
      unit.set(above, column, kept + ratio * (gain[above] as number));
      gain[above] = (gain[above] as number) + spread * kept;
    }
    gain[column] = spread;
  }
  for (let index = 0; index < gain.length; index++) gain[index] = (gain[index] as number) / innovation;
  return innovation;
}

/** Room for `unitTimeUpdate` of n states: rows of [F U, U_Q] and the weights of their columns. */
export interface UnitWork {
  readonly rows: Matrix;
  readonly weights: Float64Array;
}
export const unitWork = (size: number): UnitWork => ({
  rows: new Matrix(size, 2 * size),
  weights: new Float64Array(2 * size),
});

/**
 * The passing of time, in place: the factor of F P Fᵀ + Q, by weighted Gram–Schmidt on the rows of [F U, U_Q] with weights
 * (D, D_Q), from the last row up. Allocates nothing.
 * @see Thornton (1976), JPL TM 33-798; Bierman (1977), §VI.4.
 */
export function unitTimeUpdate(
  factor: UnitFactor,
  transition: Matrix,
  noise: UnitFactor,
  work: UnitWork,
): void {
  const { unit, diagonal } = factor;
  const size = diagonal.length;
  const width = 2 * size;
  const { rows, weights } = work;
  weights.set(diagonal);
  weights.set(noise.diagonal, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum = transition.get(row, column);
      for (let inner = 0; inner < column; inner++)
        sum += transition.get(row, inner) * unit.get(inner, column);
      rows.set(row, column, sum);
      rows.set(row, size + column, noise.unit.get(row, column));
    }
  }
  for (let pivot = size - 1; pivot >= 0; pivot--) {
    const norm = weighted(work, pivot, pivot);
    diagonal[pivot] = norm;
    for (let row = 0; row < pivot; row++) {
      const share = norm > 0 ? weighted(work, row, pivot) / norm : 0;
      unit.set(row, pivot, share);
      spanAdd(rows.data, row * width, -share, rows.data, pivot * width, width);
    }
  }
}

function weighted({ rows, weights }: UnitWork, first: number, second: number): number {
  let sum = 0;
  for (let column = 0; column < weights.length; column++)
    sum += rows.get(first, column) * (weights[column] as number) * rows.get(second, column);
  return sum;
}

function checkEmpty(rest: Matrix, matrix: Matrix, pivot: number): void {
  for (let row = 0; row < pivot; row++) {
    const scale = Math.sqrt(Math.abs(matrix.get(pivot, pivot) * matrix.get(row, row)));
    if (!(Math.abs(rest.get(row, pivot)) <= 1e-7 * scale))
      throw notSemidefinite(pivot, matrix.rows, rest.get(pivot, pivot), row);
  }
}

const notSemidefinite = (pivot: number, size: number, value: number, row?: number): TwinError =>
  new TwinError(
    "NOT_POSITIVE_SEMIDEFINITE",
    `pivot ${pivot} of a ${size} × ${size} matrix is ${value}${row === undefined ? "" : `, yet it is tied to state ${row}`}`,
    "expected a covariance: symmetric, no correlation beyond ±1, no negative variance",
  );

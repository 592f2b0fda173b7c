import { TwinError } from "../errors.ts";
import { requireFinite } from "./finite.ts";
import { Matrix } from "./matrix.ts";
import { largestMagnitude, spanAdd, spanDot, spanRotate, spanScale } from "./spans.ts";

/** A = U diag(σ) Vᵀ, thin: A m × n, U m × k, V n × k, k = min(m, n); U and V have orthonormal columns. */
export interface Svd {
  readonly left: Matrix;
  /** Descending, ≥ 0. */
  readonly values: Float64Array;
  readonly right: Matrix;
}

const SWEEPS = 60;
/** Sweeps in which a column keeps its own scale, however small; one that is still not orthogonal then is the rounding of others. */
const FINE_SWEEPS = 12;

/**
 * One-sided Jacobi: plane rotations make the columns of A orthogonal, their lengths are the singular values. Small
 * values keep their own digits where the columns differ in scale only. For tens of columns, not for thousands.
 *
 * @throws {TwinError} NOT_FINITE; NO_CONVERGENCE after 60 sweeps (6–12 are usual).
 * @see Golub & Van Loan (2013), §8.6.3; Demmel & Veselić (1992), SIAM J. Matrix Anal. Appl. 13(4).
 */
export function svd(matrix: Matrix): Svd {
  requireFinite(matrix, "the matrix to decompose");
  if (matrix.rows < matrix.columns) {
    const { left, values, right } = svd(matrix.transpose());
    return { left: right, values, right: left };
  }
  // Columns of A as rows: what is rotated lies in one run. A power of two as unit keeps squares in range, exactly.
  const columns = matrix.transpose();
  const unit =
    2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largestMagnitude(columns.data) || 1))));
  spanScale(columns.data, 0, 1 / unit, columns.data.length);
  const turns = Matrix.identity(columns.rows);
  orthogonalise(columns, turns);
  return sorted(columns, turns, unit);
}

export const singularValues = (matrix: Matrix): Float64Array => svd(matrix).values;

/** σ_max/σ_min; ∞ for a singular matrix. */
export function conditionNumber(matrix: Matrix): number {
  const values = singularValues(matrix);
  return (values[0] ?? 0) / (values[values.length - 1] ?? 0);
}

function orthogonalise(columns: Matrix, turns: Matrix): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++)
    if (!sweepOnce(columns, turns, sweep < FINE_SWEEPS ? 0 : roundingOf(columns))) return;
  throw new TwinError(
    "NO_CONVERGENCE",
    `the singular values of a ${columns.columns} × ${columns.rows} matrix did not settle in ${SWEEPS} sweeps`,
    "expected columns of comparable units: scale the variables",
  );
}

/** Norm that rounding alone leaves in a column of this matrix. */
function roundingOf({ rows: count, columns: length, data }: Matrix): number {
  let largest = 0;
  for (let index = 0; index < count; index++)
    largest = Math.max(largest, spanDot(data, index * length, data, index * length, length));
  return Math.max(length, 10) * Number.EPSILON * Math.sqrt(largest);
}

/** Turns every pair of columns longer than `noise` once; false when all were orthogonal to rounding. */
function sweepOnce(columns: Matrix, turns: Matrix, noise: number): boolean {
  const { rows: count, columns: length, data } = columns;
  const tolerance = Math.max(length, 10) * Number.EPSILON;
  let turned = false;
  for (let first = 0; first < count - 1; first++) {
    for (let second = first + 1; second < count; second++) {
      const a = spanDot(data, first * length, data, first * length, length);
      const b = spanDot(data, second * length, data, second * length, length);
      const product = spanDot(data, first * length, data, second * length, length);
      if (Math.abs(product) <= tolerance * Math.sqrt(a) * Math.sqrt(b)) continue;
      if (Math.sqrt(Math.min(a, b)) < noise) continue;
      const ratio = (b - a) / (2 * product);
      const tangent = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
      const cosine = 1 / Math.sqrt(1 + tangent * tangent);
      spanRotate(data, first * length, second * length, cosine, tangent * cosine, length);
      spanRotate(turns.data, first * count, second * count, cosine, tangent * cosine, count);
      turned = true;
    }
  }
  return turned;
}

function sorted(columns: Matrix, turns: Matrix, unit: number): Svd {
  const { rows: count, columns: length, data } = columns;
  const norms = Array.from({ length: count }, (_, index) =>
    Math.sqrt(spanDot(data, index * length, data, index * length, length)),
  );
  const order = norms.map((_, index) => index).sort((i, j) => (norms[j] as number) - (norms[i] as number));
  const left = new Matrix(count, length);
  const right = new Matrix(count, count);
  order.forEach((from, to) => {
    const norm = norms[from] as number;
    if (norm > 0) spanAdd(left.data, to * length, 1 / norm, data, from * length, length);
    else completeBasis(left, to);
    spanAdd(right.data, to * count, 1, turns.data, from * count, count);
  });
  const values = Float64Array.from(order, (index) => (norms[index] as number) * unit);
  return { left: left.transpose(), values, right: right.transpose() };
}

/** Row `index` ← a unit vector orthogonal to the rows before it: the unit axis they cover least, orthogonalised twice. */
function completeBasis(basis: Matrix, index: number): void {
  const { columns: length, data } = basis;
  const covered = new Float64Array(length);
  for (let row = 0; row < index; row++)
    for (let column = 0; column < length; column++)
      covered[column] = (covered[column] as number) + basis.get(row, column) ** 2;
  basis.set(index, covered.indexOf(Math.min(...covered)), 1);
  for (let pass = 0; pass < 2; pass++)
    for (let row = 0; row < index; row++)
      spanAdd(
        data,
        index * length,
        -spanDot(data, row * length, data, index * length, length),
        data,
        row * length,
        length,
      );
  spanScale(
    data,
    index * length,
    1 / Math.sqrt(spanDot(data, index * length, data, index * length, length)),
    length,
  );
}

import { Matrix } from "../../linear-algebra/matrix.ts";
import { pivotedQr, type QrFactor } from "../../linear-algebra/qr.ts";
import { svd } from "../../linear-algebra/svd.ts";

/** A step of a descent in the coordinates of the fit, and what the linear model promises of it. */
export interface Step {
  readonly move: Float64Array;
  /** ‖D move‖. */
  readonly length: number;
  /** ‖r‖² − ‖r + J move‖². */
  readonly predicted: number;
  /** λ. */
  readonly damping: number;
}

/** Longest bend, as a share of the step, that is a correction and no step of its own. */
const MOST_BEND = 0.75;

/** However coarse the slopes, columns that differ by this much are two. */
const MOST_ERROR = 0.1;

/**
 * r(z + p) ≈ r + J p in scaled variables D p, D the column norms of J.
 *
 * J D⁻¹ P = Q R (column pivoting), R = U S Vᵀ; JᵀJ is never formed. Then for any damping λ
 *
 *     D p = −P V diag(s/(s² + λ)) Uᵀ c,   c = the first rows of Qᵀ r
 *
 * so that λ for a given length is a scalar equation. Rows of R at rounding are left out: what the data do not see
 * is not moved.
 *
 * @see Moré (1978), "The Levenberg–Marquardt algorithm: implementation and theory"; Golub & Van Loan (2013), §6.1.
 */
export class LocalModel {
  readonly rank: number;
  /** s, descending, rank. */
  readonly singular: Float64Array;
  /** Columns: directions in scaled variables, p × rank. */
  readonly directions: Matrix;
  /** Uᵀ c: the residual along each direction, rank. */
  readonly along: Float64Array;
  /** ‖r‖² less its least over all steps: the promise of a full Gauss–Newton step. */
  readonly reachable: number;
  readonly #scale: Float64Array;
  readonly #factor: QrFactor;
  readonly #left: Matrix;

  /** @param slopeError relative error of J's columns: directions that depend on less are rounding. */
  constructor(jacobian: Matrix, residuals: Float64Array, scale: Float64Array, slopeError: number) {
    this.#scale = scale;
    const scaled = new Matrix(jacobian.rows, jacobian.columns);
    for (let row = 0; row < jacobian.rows; row++)
      for (let column = 0; column < jacobian.columns; column++)
        scaled.set(row, column, jacobian.get(row, column) / (scale[column] as number));
    const rounding = Math.max(jacobian.rows, jacobian.columns) * Number.EPSILON;
    this.#factor = pivotedQr(scaled, Math.min(MOST_ERROR, Math.max(rounding, slopeError)));
    this.rank = this.#factor.rank;
    const { left, values, right } = svd(firstRows(this.#factor.upper(), this.rank));
    this.#left = left;
    this.singular = values;
    this.directions = new Matrix(jacobian.columns, this.rank);
    this.#factor.permutation.forEach((to, from) => {
      for (let k = 0; k < this.rank; k++) this.directions.set(to, k, right.get(from, k));
    });
    this.along = this.#rotated(residuals);
    this.reachable = this.along.reduce((sum, part) => sum + part * part, 0);
  }

  /** The least of the model within ‖D p‖ ≤ radius; the Gauss–Newton step when that is shorter. */
  within(radius: number): Step {
    if (this.#length(0) <= radius) return this.#step(0);
    // Newton's method on 1/length, which is nearly linear in λ (Hebden); from λ = 0 it climbs monotonically.
    let damping = 0;
    for (let round = 0; round < 50; round++) {
      const length = this.#length(damping);
      if (Math.abs(length - radius) <= 1e-6 * radius) break;
      damping += (length / radius - 1) * (length ** 2 / this.#curvature(damping));
    }
    return this.#step(damping);
  }

  /**
   * The step bent along the model's curvature: p + ½ a, a the damped least-squares answer to −∂²r/∂p² (geodesic
   * acceleration). In a curved valley it goes ten times as far. Undefined when a is no small correction.
   * @param curvature second derivative of r along p, n.
   * @see Transtrum & Sethna (2012), arXiv:1201.5885.
   */
  bent(step: Step, curvature: Float64Array): Float64Array | undefined {
    const along = this.#rotated(curvature);
    const bend = new Float64Array(this.directions.rows);
    let length = 0;
    for (let k = 0; k < this.rank; k++) {
      const s = this.singular[k] as number;
      const share = ((along[k] as number) * s) / (s * s + step.damping);
      length += share * share;
      for (let index = 0; index < bend.length; index++)
        bend[index] = (bend[index] as number) - share * this.directions.get(index, k);
    }
    if (!(Math.sqrt(length) <= MOST_BEND * step.length)) return undefined;
    return step.move.map(
      (move, index) => move + (0.5 * (bend[index] as number)) / (this.#scale[index] as number),
    );
  }

  /** Uᵀ (first rows of Qᵀ v), rank. */
  #rotated(vector: Float64Array): Float64Array {
    const rotated = this.#factor.applyTransposed(new Matrix(vector.length, 1, vector));
    return Float64Array.from({ length: this.#left.columns }, (_, k) => {
      let sum = 0;
      for (let row = 0; row < this.#left.rows; row++) sum += this.#left.get(row, k) * rotated.get(row, 0);
      return sum;
    });
  }

  #length(damping: number): number {
    let sum = 0;
    for (let k = 0; k < this.rank; k++) sum += this.#share(k, damping) ** 2;
    return Math.sqrt(sum);
  }

  /** Σ (share)²/(s² + λ) = −½ d(length²)/dλ. */
  #curvature(damping: number): number {
    let sum = 0;
    for (let k = 0; k < this.rank; k++)
      sum += this.#share(k, damping) ** 2 / ((this.singular[k] as number) ** 2 + damping);
    return sum;
  }

  #share(k: number, damping: number): number {
    const s = this.singular[k] as number;
    return ((this.along[k] as number) * s) / (s * s + damping);
  }

  #step(damping: number): Step {
    const move = new Float64Array(this.directions.rows);
    let predicted = 0;
    for (let k = 0; k < this.rank; k++) {
      const share = this.#share(k, damping);
      const left = damping / ((this.singular[k] as number) ** 2 + damping);
      predicted += (this.along[k] as number) ** 2 * (1 - left * left);
      for (let index = 0; index < move.length; index++)
        move[index] = (move[index] as number) - share * this.directions.get(index, k);
    }
    let length = 0;
    for (let index = 0; index < move.length; index++) {
      length += (move[index] as number) ** 2;
      move[index] = (move[index] as number) / (this.#scale[index] as number);
    }
    return { move, length: Math.sqrt(length), predicted, damping };
  }
}

/** Norms of the columns; 1 for a column of zeros. */
export function columnNorms(matrix: Matrix): Float64Array {
  return Float64Array.from({ length: matrix.columns }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < matrix.rows; row++) sum += matrix.get(row, column) ** 2;
    return Math.sqrt(sum) || 1;
  });
}

function firstRows(matrix: Matrix, count: number): Matrix {
  return new Matrix(count, matrix.columns, matrix.data.slice(0, count * matrix.columns));
}

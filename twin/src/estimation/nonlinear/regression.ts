import { Matrix } from "../../linear-algebra/matrix.ts";

/** One of a system's two functions, g: states → `size` values; its failures are typed errors. */
export interface Mapping {
  readonly states: number;
  readonly size: number;
  /** `out` ← g(state). */
  evaluate(state: Float64Array, out: Float64Array): void;
  /** ∂g/∂x, size × states; undefined where the model has none. */
  jacobian(state: Float64Array): Matrix | undefined;
}

/**
 * A function of a Gaussian seen as a line with scatter: statistical linear regression.
 *
 *     x = m + L z,  z ~ N(0, I)        g(x) ≈ ȳ + D z + r,   Cov[r] = A Aᵀ − c cᵀ
 *
 * so that E[g] = ȳ, Cov[g] = D Dᵀ + A Aᵀ − c cᵀ, Cov[x, g] = L Dᵀ. The scatter is kept as a factor: a covariance that is built
 * as a sum of squares cannot turn indefinite. Only rules with a negative centre weight have a deficit c.
 * @see Arasaratnam, Haykin & Elliott (2007), Proc. IEEE 95(5); García-Fernández et al. (2015), IEEE Trans. Signal Process. 63(20), §II.
 */
export class Regression {
  /** ȳ, k. */
  readonly mean: Float64Array;
  /** [D, A], k × (n + q). */
  readonly spread: Matrix;
  /** n: the leading columns of `spread` that are D. */
  readonly states: number;
  /** c, k. */
  readonly deficit: Float64Array | undefined;

  constructor(size: number, states: number, scatter: number, deficit: boolean) {
    this.mean = new Float64Array(size);
    this.spread = new Matrix(size, states + scatter);
    this.states = states;
    this.deficit = deficit ? new Float64Array(size) : undefined;
  }
}

/** D, k × n. */
export function slopeOf({ spread, states }: Regression): Matrix {
  const slope = new Matrix(spread.rows, states);
  for (let row = 0; row < spread.rows; row++)
    for (let column = 0; column < states; column++) slope.set(row, column, spread.get(row, column));
  return slope;
}

/** A Aᵀ − c cᵀ + noise: what the line and the noise leave, k × k. */
export function unexplained({ spread, states, deficit }: Regression, noise: Matrix): Matrix {
  const rest = noise.copy();
  for (let row = 0; row < rest.rows; row++)
    for (let column = 0; column < rest.columns; column++) {
      let sum = deficit ? -(deficit[row] as number) * (deficit[column] as number) : 0;
      for (let inner = states; inner < spread.columns; inner++)
        sum += spread.get(row, inner) * spread.get(column, inner);
      rest.add(row, column, sum);
    }
  return rest;
}

/** Draws the line for one mapping, again and again into the same result. */
export interface Regressor {
  readonly result: Regression;
  /** The regression of g under N(mean, factor factorᵀ), factor lower triangular n × n. */
  regress(mean: Float64Array, factor: Matrix): void;
}

/** What tells one Gaussian filter from another: how it sees a function. */
export type MomentRule = (mapping: Mapping) => Regressor;

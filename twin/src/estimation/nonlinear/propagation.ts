import { TwinError } from "../../errors.ts";
import { choleskyInPlace } from "../../linear-algebra/cholesky.ts";
import { downdateCholesky } from "../../linear-algebra/cholesky-update.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { gramOfRows } from "../../linear-algebra/products.ts";
import { semidefiniteFactorInto } from "../../linear-algebra/semidefinite.ts";
import { lowerPart, triangularise } from "../../linear-algebra/triangularise.ts";
import type { Regression } from "./regression.ts";

/**
 * How P⁻ = D Dᵀ + A Aᵀ − c cᵀ + Q is factored. `formed`: the sum is formed and factored, unless that would lose more than
 * four digits; then, and always with `orthogonal`, the factor comes from [D, A, Q^½] by reflections, and the sum is never formed.
 */
export type Factoring = "formed" | "orthogonal";

/** A pivot below this share of its diagonal has lost four digits. */
const FOUR_DIGITS = 1e-4;

/** Adds process noise to a regression of the transition: the factor of P⁻. */
export class Propagation {
  readonly #factoring: Factoring;
  readonly #noise: Matrix;
  readonly #noiseFactor: Matrix;
  readonly #array: Matrix;

  constructor({ spread }: Regression, factoring: Factoring) {
    const states = spread.rows;
    this.#factoring = factoring;
    this.#noise = new Matrix(states, states, new Float64Array(states * states).fill(Number.NaN));
    this.#noiseFactor = new Matrix(states, states);
    this.#array = new Matrix(states, spread.columns + states);
  }

  /**
   * `factor` ← lower-triangular L⁻ with L⁻ L⁻ᵀ = P⁻.
   * @throws {TwinError} NOT_POSITIVE_DEFINITE when Q is no covariance, or the rule's negative weight outweighs the rest.
   */
  factor(regression: Regression, noise: Matrix, factor: Matrix): void {
    this.#factorNoise(noise);
    if (this.#factoring === "formed") {
      form(regression, noise, factor);
      if (choleskyInPlace(factor) > FOUR_DIGITS) return;
    }
    this.#reflect(regression, factor);
    if (regression.deficit) downdate(factor, regression.deficit);
  }

  /** Q is looked at when it changes. */
  #factorNoise(noise: Matrix): void {
    if (sameEntries(noise.data, this.#noise.data)) return;
    const row = semidefiniteFactorInto(this.#noiseFactor, noise);
    if (row >= 0) {
      this.#noise.data.fill(Number.NaN);
      throw new TwinError(
        "NOT_POSITIVE_DEFINITE",
        `the process noise Q is no covariance: its pivot ${row} is negative`,
        "expected a positive semi-definite matrix: build Q from standard deviations and correlations, or by exact discretisation of a noise rate",
      );
    }
    this.#noise.data.set(noise.data);
  }

  #reflect({ spread }: Regression, factor: Matrix): void {
    const array = this.#array;
    for (let row = 0; row < spread.rows; row++) {
      for (let column = 0; column < spread.columns; column++) array.set(row, column, spread.get(row, column));
      for (let column = 0; column < spread.rows; column++)
        array.set(row, spread.columns + column, this.#noiseFactor.get(row, column));
    }
    lowerPart(triangularise(array), factor);
  }
}

function form({ spread, deficit }: Regression, noise: Matrix, sum: Matrix): void {
  gramOfRows(sum, spread);
  for (let row = 0; row < sum.rows; row++)
    for (let column = 0; column <= row; column++) {
      const less = deficit ? (deficit[row] as number) * (deficit[column] as number) : 0;
      sum.add(row, column, noise.get(row, column) - less);
    }
}

function downdate(factor: Matrix, deficit: Float64Array): void {
  try {
    downdateCholesky(factor, deficit.slice());
  } catch (cause) {
    throw indefinite("predicted covariance", cause);
  }
}

/** A negative centre weight made a covariance indefinite. */
export const indefinite = (what: string, cause?: unknown): TwinError =>
  new TwinError(
    "NOT_POSITIVE_DEFINITE",
    `the ${what} is not positive definite`,
    "the belief is unchanged: a rule with a negative centre weight allows this; take cubature (α = 1, β = κ = 0), or Gauss–Hermite for few states",
    { cause },
  );

function sameEntries(left: Float64Array, right: Float64Array): boolean {
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

import { choleskyInPlace } from "../../linear-algebra/cholesky.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { gramOfRows } from "../../linear-algebra/products.ts";
import { ScalarReading } from "../../linear-algebra/scalar-reading.ts";
import { solveLowerInPlace } from "../../linear-algebra/triangular.ts";
import { LOG_TWO_PI } from "../../probability/normal.ts";
import type { Assimilation } from "./filter.ts";
import { indefinite } from "./propagation.ts";
import type { Regression } from "./regression.ts";

/** A Gaussian by its mean, n, and the lower-triangular factor L of its covariance L Lᵀ. */
export interface Factored {
  readonly mean: Float64Array;
  readonly factor: Matrix;
}

/**
 * Bayes' rule for y ≈ ȳ + D z + r + v with Cov[r + v] = A Aᵀ − c cᵀ + R = E Eᵀ, over the components that are present.
 *
 *     E⁻¹(y − ȳ) = (E⁻¹ D) z + e,  e ~ N(0, I):  one scalar reading after the other, each by Carlson's update of L
 *     ln p(y) = −½ Σ (ln 2π + ln α + ν²/α) − ln det E,   NIS = Σ ν²/α
 *
 * S = D Dᵀ + E Eᵀ is never formed and P never subtracted from, so that a precise reading of a vague state costs no digits.
 * @see Bierman (1977), Factorization Methods for Discrete Sequential Estimation, §V; Carlson (1973).
 */
export class Conditioning {
  readonly #noise: Matrix;
  readonly #present: Int32Array;
  /** Rows of the components present: [A], then E. */
  readonly #scatter: Matrix;
  readonly #rest: Matrix;
  /** Rows of the components present: [E⁻¹ D, E⁻¹(y − ȳ)]. */
  readonly #rows: Matrix;
  readonly #scalar: ScalarReading;
  readonly #along: Float64Array;

  constructor(noise: Matrix, { spread, states }: Regression) {
    const outputs = noise.rows;
    this.#noise = noise;
    this.#present = new Int32Array(outputs);
    this.#scatter = new Matrix(outputs, spread.columns - states);
    this.#rest = new Matrix(outputs, outputs);
    this.#rows = new Matrix(outputs, states + 1);
    this.#scalar = new ScalarReading(states);
    this.#along = new Float64Array(Math.max(states, outputs));
  }

  /**
   * Turns `belief`, which holds the prior, into the posterior. At least one component is present.
   * @throws {TwinError} NOT_POSITIVE_DEFINITE when a negative weight outweighs R; the belief is then still the prior.
   */
  condition(belief: Factored, regression: Regression, reading: ArrayLike<number>): Assimilation {
    const innovation = regression.mean.slice();
    const size = this.#select(innovation, reading);
    this.#whiten(regression, innovation, size);
    let logLikelihood = 0;
    let nis = 0;
    for (let index = 0; index < size; index++) {
      const { squared, variance } = this.#assimilate(belief, index, size);
      nis += squared;
      logLikelihood -= 0.5 * (LOG_TWO_PI + squared + Math.log(variance));
      logLikelihood -= Math.log(this.#rest.get(index, index));
    }
    return { logLikelihood, nis, size, innovation };
  }

  /** y − ȳ, in place of ȳ, and which components are present. */
  #select(innovation: Float64Array, reading: ArrayLike<number>): number {
    let size = 0;
    for (let output = 0; output < innovation.length; output++) {
      const value = (reading[output] as number) - (innovation[output] as number);
      innovation[output] = value;
      if (!Number.isNaN(value)) this.#present[size++] = output;
    }
    return size;
  }

  /** E, and E⁻¹ [D, y − ȳ], of the components present. */
  #whiten({ spread, states, deficit }: Regression, innovation: Float64Array, size: number): void {
    const rows = this.#rows;
    const scatter = this.#scatter;
    for (let row = 0; row < size; row++) {
      const output = this.#present[row] as number;
      for (let column = 0; column < scatter.columns; column++)
        scatter.set(row, column, spread.get(output, states + column));
      for (let column = 0; column < states; column++) rows.set(row, column, spread.get(output, column));
      rows.set(row, states, innovation[output] as number);
    }
    this.#factorRest(deficit, size);
    solveLowerInPlace(this.#rest, rows, size);
  }

  /** E Eᵀ = R + A Aᵀ − c cᵀ. */
  #factorRest(deficit: Float64Array | undefined, size: number): void {
    const rest = this.#rest;
    gramOfRows(rest, this.#scatter, size);
    for (let row = 0; row < size; row++) {
      const output = this.#present[row] as number;
      for (let column = 0; column <= row; column++) {
        const other = this.#present[column] as number;
        const less = deficit ? (deficit[output] as number) * (deficit[other] as number) : 0;
        rest.add(row, column, this.#noise.get(output, other) - less);
      }
    }
    const smallest = choleskyInPlace(rest, size);
    if (smallest > 0) return;
    throw indefinite(`noise that the rule leaves in the reading (pivot ${-1 - smallest})`);
  }

  /** One whitened component: changes the belief, and what the components after it still have to say. */
  #assimilate(
    { mean, factor }: Factored,
    index: number,
    size: number,
  ): { squared: number; variance: number } {
    const scalar = this.#scalar;
    const rows = this.#rows;
    const along = this.#along;
    const states = mean.length;
    scalar.take(rows, index);
    const variance = scalar.variance;
    const innovation = rows.get(index, states);
    const scaled = innovation / variance;
    scalar.apply(rows, index + 1, size, along, false);
    for (let row = index + 1; row < size; row++) rows.add(row, states, -scaled * (along[row] as number));
    scalar.apply(factor, 0, states, along, true);
    for (let row = 0; row < states; row++)
      mean[row] = (mean[row] as number) + scaled * (along[row] as number);
    return { squared: innovation * scaled, variance };
  }
}

import { Matrix } from "../../linear-algebra/matrix.ts";
import { sandwichInto } from "../../linear-algebra/products.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";
import type { CovarianceForm } from "./covariance-form.ts";
import type { Transition } from "./model.ts";

/**
 * P itself, updated one scalar at a time in Joseph's form; one triangle is computed and mirrored, so P stays symmetric.
 * @see Bucy & Joseph (1968), Filtering for Stochastic Processes with Applications to Guidance, ch. 16.
 */
export class SequentialForm implements CovarianceForm {
  readonly #covariance: Matrix;
  readonly #work: Matrix;
  readonly #product: Matrix;
  readonly #along: Float64Array;
  readonly #left: Float64Array;

  constructor(covariance: Matrix) {
    this.#covariance = covariance.copy();
    this.#work = new Matrix(covariance.rows, covariance.rows);
    this.#product = new Matrix(covariance.rows, covariance.rows);
    this.#along = new Float64Array(covariance.rows);
    this.#left = new Float64Array(covariance.rows);
  }

  times(row: Float64Array, out: Float64Array): number {
    const covariance = this.#covariance;
    let spread = 0;
    for (let index = 0; index < row.length; index++) {
      let sum = 0;
      for (let inner = 0; inner < row.length; inner++)
        sum += covariance.get(index, inner) * (row[inner] as number);
      out[index] = sum;
      spread += sum * (row[index] as number);
    }
    return spread;
  }

  absorb(row: Float64Array, noise: number, gain: Float64Array): number {
    const variance = this.times(row, this.#along) + noise;
    for (let index = 0; index < row.length; index++) gain[index] = (this.#along[index] as number) / variance;
    this.#joseph(row, noise, gain);
    return variance;
  }

  absorbWithGain(row: Float64Array, noise: number, gain: Float64Array): void {
    this.times(row, this.#along);
    this.#joseph(row, noise, gain);
  }

  /** With `along` = P z: A = P − K (P z)ᵀ, then P⁺ = A − (A z) Kᵀ + r K Kᵀ. */
  #joseph(row: Float64Array, noise: number, gain: Float64Array): void {
    const covariance = this.#covariance;
    const along = this.#along;
    const left = this.#left;
    const size = row.length;
    for (let index = 0; index < size; index++) {
      const scale = gain[index] as number;
      let sum = -noise * scale;
      for (let inner = 0; inner < size; inner++)
        sum += (covariance.get(index, inner) - scale * (along[inner] as number)) * (row[inner] as number);
      left[index] = sum;
    }
    for (let index = 0; index < size; index++) {
      for (let other = 0; other <= index; other++) {
        const value =
          covariance.get(index, other) -
          (gain[index] as number) * (along[other] as number) -
          (left[index] as number) * (gain[other] as number);
        covariance.set(index, other, value);
        covariance.set(other, index, value);
      }
    }
  }

  propagate({ matrix, noise }: Transition): void {
    const covariance = this.#covariance;
    sandwichInto(this.#product, matrix, covariance, this.#work);
    for (let row = 0; row < covariance.rows; row++)
      for (let column = 0; column < covariance.rows; column++)
        covariance.set(row, column, this.#product.get(row, column) + noise.get(row, column));
  }

  covariance(): Matrix {
    return this.#covariance.copy();
  }

  root(): Matrix {
    return semidefiniteFactor(this.#covariance, "the covariance");
  }
}

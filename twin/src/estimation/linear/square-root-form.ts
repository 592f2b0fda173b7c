import { Matrix } from "../../linear-algebra/matrix.ts";
import { qr } from "../../linear-algebra/qr.ts";
import type { CovarianceForm } from "./covariance-form.ts";
import type { Transition } from "./model.ts";
import { semidefiniteFactor } from "./semidefinite.ts";

/**
 * S, n × n, with P = S Sᵀ: P is positive semi-definite by construction, and half the digits are lost that P would lose.
 *
 * Update (Potter's): φ = Sᵀz, F = φᵀφ + r, S⁺ = S − γ (S φ) φᵀ / F, γ = 1/(1 + √(r/F)). Propagation: the QR factor of
 * [F S, G]ᵀ, Q = G Gᵀ.
 *
 * @see Kaminski, Bryson & Schmidt (1971), IEEE Trans. Automatic Control 16(6).
 */
export class SquareRootForm implements CovarianceForm {
  #root: Matrix;
  readonly #projected: Float64Array;
  #noise: Matrix | undefined;
  #noiseRoot: Matrix;

  constructor(covariance: Matrix) {
    this.#root = semidefiniteFactor(covariance, "the start covariance");
    this.#projected = new Float64Array(covariance.rows);
    this.#noiseRoot = new Matrix(covariance.rows, covariance.rows);
  }

  times(row: Float64Array, out: Float64Array): number {
    const spread = this.#project(row);
    for (let index = 0; index < row.length; index++) out[index] = this.#along(index);
    return spread;
  }

  absorb(row: Float64Array, noise: number, gain: Float64Array): number {
    const variance = this.times(row, gain) + noise;
    const share = 1 / (1 + Math.sqrt(noise / variance));
    for (let index = 0; index < row.length; index++) {
      const scaled = (gain[index] as number) / variance;
      gain[index] = scaled;
      for (let column = 0; column < row.length; column++)
        this.#root.add(index, column, -share * scaled * (this.#projected[column] as number));
    }
    return variance;
  }

  absorbWithGain(row: Float64Array, noise: number, gain: Float64Array): void {
    this.#project(row);
    const size = row.length;
    const stacked = new Matrix(size + 1, size);
    for (let index = 0; index < size; index++) {
      for (let column = 0; column < size; column++)
        stacked.set(
          column,
          index,
          this.#root.get(index, column) - (gain[index] as number) * (this.#projected[column] as number),
        );
      stacked.set(size, index, Math.sqrt(noise) * (gain[index] as number));
    }
    this.#root = qr(stacked).upper().transpose();
  }

  propagate({ matrix, noise }: Transition): void {
    if (noise !== this.#noise) {
      this.#noise = noise;
      this.#noiseRoot = semidefiniteFactor(noise, "the process noise");
    }
    const size = matrix.rows;
    const stacked = new Matrix(2 * size, size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = 0;
        for (let inner = 0; inner < size; inner++)
          sum += matrix.get(row, inner) * this.#root.get(inner, column);
        stacked.set(column, row, sum);
        stacked.set(size + column, row, this.#noiseRoot.get(row, column));
      }
    }
    this.#root = qr(stacked).upper().transpose();
  }

  covariance(): Matrix {
    const size = this.#root.rows;
    const result = new Matrix(size, size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column <= row; column++) {
        let sum = 0;
        for (let inner = 0; inner < size; inner++)
          sum += this.#root.get(row, inner) * this.#root.get(column, inner);
        result.set(row, column, sum);
        result.set(column, row, sum);
      }
    }
    return result;
  }

  /** φ = Sᵀz; returns φᵀφ. */
  #project(row: Float64Array): number {
    let spread = 0;
    for (let column = 0; column < row.length; column++) {
      let sum = 0;
      for (let index = 0; index < row.length; index++)
        sum += this.#root.get(index, column) * (row[index] as number);
      this.#projected[column] = sum;
      spread += sum * sum;
    }
    return spread;
  }

  /** Entry of S φ. */
  #along(index: number): number {
    let sum = 0;
    for (let column = 0; column < this.#projected.length; column++)
      sum += this.#root.get(index, column) * (this.#projected[column] as number);
    return sum;
  }
}

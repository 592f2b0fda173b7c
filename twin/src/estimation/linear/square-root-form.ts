import { Matrix } from "../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";
import { lowerPart, triangularise } from "../../linear-algebra/triangularise.ts";
import type { CovarianceForm } from "./covariance-form.ts";
import type { Transition } from "./model.ts";

/**
 * S, n × n, with P = S Sᵀ: P is positive semi-definite by construction, and half the digits are lost that P would lose.
 *
 * Update (Potter's): φ = Sᵀz, F = φᵀφ + r, S⁺ = S − γ (S φ) φᵀ / F, γ = 1/(1 + √(r/F)). Propagation: [F S, G] made lower
 * triangular by reflections, Q = G Gᵀ.
 *
 * @see Kaminski, Bryson & Schmidt (1971), IEEE Trans. Automatic Control 16(6).
 */
export class SquareRootForm implements CovarianceForm {
  readonly #root: Matrix;
  readonly #projected: Float64Array;
  readonly #moved: Matrix;
  readonly #corrected: Matrix;
  #noise: Matrix | undefined;
  #noiseRoot: Matrix;

  constructor(covariance: Matrix) {
    const size = covariance.rows;
    this.#root = semidefiniteFactor(covariance, "the start covariance");
    this.#projected = new Float64Array(size);
    this.#moved = new Matrix(size, 2 * size);
    this.#corrected = new Matrix(size, size + 1);
    this.#noiseRoot = new Matrix(size, size);
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
    for (let index = 0; index < size; index++) {
      const weight = gain[index] as number;
      for (let column = 0; column < size; column++)
        this.#corrected.set(
          index,
          column,
          this.#root.get(index, column) - weight * (this.#projected[column] as number),
        );
      this.#corrected.set(index, size, Math.sqrt(noise) * weight);
    }
    lowerPart(triangularise(this.#corrected), this.#root);
  }

  propagate({ matrix, noise }: Transition): void {
    if (noise !== this.#noise) {
      this.#noise = noise;
      this.#noiseRoot = semidefiniteFactor(noise, "the process noise");
    }
    const size = matrix.rows;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = 0;
        for (let inner = 0; inner < size; inner++)
          sum += matrix.get(row, inner) * this.#root.get(inner, column);
        this.#moved.set(row, column, sum);
        this.#moved.set(row, size + column, this.#noiseRoot.get(row, column));
      }
    }
    lowerPart(triangularise(this.#moved), this.#root);
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

  root(): Matrix {
    return this.#root.copy();
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

import { Matrix } from "../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";
import {
  composeUnitFactor,
  type UnitFactor,
  type UnitWork,
  unitMeasurementUpdate,
  unitTimeUpdate,
  unitWork,
} from "../../linear-algebra/unit-factor.ts";
import type { CovarianceForm } from "./covariance-form.ts";
import type { Transition } from "./model.ts";

/**
 * P = U D Uᵀ with unit upper-triangular U and D ≥ 0, never multiplied out: P cannot become indefinite, and an update keeps
 * digits that P itself has already lost. Bierman's update, Thornton's propagation.
 *
 * @see Bierman (1977), Factorization Methods for Discrete Sequential Estimation, §§V.3, VI.4.
 */
export class UdForm implements CovarianceForm {
  readonly #factor: UnitFactor;
  readonly #work: UnitWork;
  readonly #weighted: Float64Array;
  readonly #correction: Matrix;
  readonly #correctionNoise: UnitFactor;
  #noise: Matrix | undefined;
  #noiseRoot: UnitFactor | undefined;

  constructor(covariance: Matrix) {
    const size = covariance.rows;
    this.#work = unitWork(size);
    this.#factor = { unit: Matrix.identity(size), diagonal: new Float64Array(size) };
    unitTimeUpdate(
      this.#factor,
      Matrix.identity(size),
      rootOf(covariance, "the start covariance"),
      this.#work,
    );
    this.#weighted = new Float64Array(size);
    this.#correction = new Matrix(size, size);
    this.#correctionNoise = { unit: new Matrix(size, size), diagonal: new Float64Array(size) };
  }

  times(row: Float64Array, out: Float64Array): number {
    const { unit, diagonal } = this.#factor;
    const size = row.length;
    let spread = 0;
    for (let column = 0; column < size; column++) {
      let along = row[column] as number;
      for (let above = 0; above < column; above++) along += unit.get(above, column) * (row[above] as number);
      this.#weighted[column] = along * (diagonal[column] as number);
      spread += along * (this.#weighted[column] as number);
    }
    for (let index = 0; index < size; index++) {
      let sum = this.#weighted[index] as number;
      for (let right = index + 1; right < size; right++)
        sum += unit.get(index, right) * (this.#weighted[right] as number);
      out[index] = sum;
    }
    return spread;
  }

  absorb(row: Float64Array, noise: number, gain: Float64Array): number {
    if (noise > 0) return unitMeasurementUpdate(this.#factor, row, noise, gain);
    // Bierman's recursion divides by the noise: a reading without any takes the longer way.
    const variance = this.times(row, gain);
    for (let index = 0; index < gain.length; index++) gain[index] = (gain[index] as number) / variance;
    if (variance > 0) this.absorbWithGain(row, noise, gain);
    return variance;
  }

  absorbWithGain(row: Float64Array, noise: number, gain: Float64Array): void {
    const size = row.length;
    for (let index = 0; index < size; index++) {
      const weight = gain[index] as number;
      for (let column = 0; column < size; column++)
        this.#correction.set(index, column, (index === column ? 1 : 0) - weight * (row[column] as number));
      this.#correctionNoise.unit.set(index, 0, weight);
    }
    this.#correctionNoise.diagonal[0] = noise;
    unitTimeUpdate(this.#factor, this.#correction, this.#correctionNoise, this.#work);
  }

  propagate({ matrix, noise }: Transition): void {
    if (this.#noiseRoot === undefined || noise !== this.#noise) {
      this.#noise = noise;
      this.#noiseRoot = rootOf(noise, "the process noise");
    }
    unitTimeUpdate(this.#factor, matrix, this.#noiseRoot, this.#work);
  }

  covariance(): Matrix {
    return composeUnitFactor(this.#factor);
  }

  root(): Matrix {
    const { unit, diagonal } = this.#factor;
    const root = unit.copy();
    for (let column = 0; column < root.columns; column++) {
      const scale = Math.sqrt(diagonal[column] as number);
      for (let row = 0; row <= column; row++) root.set(row, column, scale * unit.get(row, column));
    }
    return root;
  }
}

/** G with S = G Gᵀ as the time update takes it: any columns and their weights serve, triangular or not. */
const rootOf = (matrix: Matrix, name: string): UnitFactor => ({
  unit: semidefiniteFactor(matrix, name),
  diagonal: new Float64Array(matrix.rows).fill(1),
});

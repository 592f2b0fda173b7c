import { Matrix } from "../../linear-algebra/matrix.ts";
import type { CovarianceForm } from "./covariance-form.ts";
import type { Transition } from "./model.ts";
import { semidefiniteFactor } from "./semidefinite.ts";

/**
 * P = U D Uᵀ with unit upper-triangular U and D ≥ 0, never multiplied out: P cannot become indefinite, and an update keeps
 * digits that P itself has already lost.
 *
 * Update: Bierman's; propagation: modified weighted Gram–Schmidt on [F U, G] with weights (D, 1), where Q = G Gᵀ.
 *
 * @see Bierman (1977), §V.3; Thornton (1976), JPL Technical Memorandum 33-798.
 */
export class UdForm implements CovarianceForm {
  /** Row i of U. */
  readonly #unit: Float64Array[];
  readonly #weights: Float64Array;
  readonly #projected: Float64Array;
  readonly #weighted: Float64Array;
  #noise: Matrix | undefined;
  #noiseColumns: readonly Float64Array[] = [];

  constructor(covariance: Matrix) {
    const size = covariance.rows;
    this.#unit = Array.from({ length: size }, () => new Float64Array(size));
    this.#weights = new Float64Array(size);
    this.#projected = new Float64Array(size);
    this.#weighted = new Float64Array(size);
    const columns = columnsOf(semidefiniteFactor(covariance, "the start covariance"));
    this.#orthogonalise(columns, ones(columns.length));
  }

  times(row: Float64Array, out: Float64Array): number {
    const spread = this.#project(row);
    out.forEach((_, index) => {
      const unit = this.#unit[index] as Float64Array;
      let sum = 0;
      for (let inner = index; inner < out.length; inner++)
        sum += (unit[inner] as number) * (this.#weighted[inner] as number);
      out[index] = sum;
    });
    return spread;
  }

  absorb(row: Float64Array, noise: number, gain: Float64Array): number {
    this.#project(row);
    gain.fill(0);
    let variance = noise;
    for (let column = 0; column < row.length; column++) {
      const projected = this.#projected[column] as number;
      const weighted = this.#weighted[column] as number;
      const before = variance;
      variance += projected * weighted;
      // Before any variance there is nothing to correct with: 0/0 stands for "unchanged".
      if (variance > 0) this.#weights[column] = (this.#weights[column] as number) * (before / variance);
      const step = before > 0 ? -projected / before : 0;
      for (let index = 0; index < column; index++) {
        const unit = this.#unit[index] as Float64Array;
        const kept = unit[column] as number;
        unit[column] = kept + step * (gain[index] as number);
        gain[index] = (gain[index] as number) + kept * weighted;
      }
      gain[column] = weighted;
    }
    for (let index = 0; index < gain.length; index++) gain[index] = (gain[index] as number) / variance;
    return variance;
  }

  absorbWithGain(row: Float64Array, noise: number, gain: Float64Array): void {
    const columns = this.#unitColumns().map((column) => {
      let along = 0;
      for (let index = 0; index < row.length; index++)
        along += (row[index] as number) * (column[index] as number);
      return column.map((value, index) => value - along * (gain[index] as number));
    });
    this.#orthogonalise([...columns, gain.slice()], Float64Array.of(...this.#weights, noise));
  }

  propagate({ matrix, noise }: Transition): void {
    if (noise !== this.#noise) {
      this.#noise = noise;
      this.#noiseColumns = columnsOf(semidefiniteFactor(noise, "the process noise"));
    }
    const moved = this.#unitColumns().map((column) => product(matrix, column));
    const added = this.#noiseColumns.map((column) => column.slice());
    this.#orthogonalise([...moved, ...added], Float64Array.of(...this.#weights, ...ones(added.length)));
  }

  covariance(): Matrix {
    const size = this.#weights.length;
    const result = new Matrix(size, size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column <= row; column++) {
        let sum = 0;
        for (let inner = row; inner < size; inner++) {
          const left = (this.#unit[row] as Float64Array)[inner] as number;
          const right = (this.#unit[column] as Float64Array)[inner] as number;
          sum += left * right * (this.#weights[inner] as number);
        }
        result.set(row, column, sum);
        result.set(column, row, sum);
      }
    }
    return result;
  }

  /** Uᵀz and D Uᵀz; returns zᵀPz. */
  #project(row: Float64Array): number {
    let spread = 0;
    for (let column = 0; column < row.length; column++) {
      let sum = 0;
      for (let index = 0; index <= column; index++)
        sum += ((this.#unit[index] as Float64Array)[column] as number) * (row[index] as number);
      const weighted = sum * (this.#weights[column] as number);
      this.#projected[column] = sum;
      this.#weighted[column] = weighted;
      spread += sum * weighted;
    }
    return spread;
  }

  #unitColumns(): Float64Array[] {
    return Array.from(this.#weights, (_, column) =>
      Float64Array.from(this.#unit, (row) => row[column] as number),
    );
  }

  /** U, D ← of Σ weight_k c_k c_kᵀ, by Gram–Schmidt on its rows from the last one up. Uses up `columns`. */
  #orthogonalise(columns: readonly Float64Array[], weights: Float64Array): void {
    const size = this.#weights.length;
    const rows = Array.from({ length: size }, (_, row) =>
      Float64Array.from(columns, (column) => column[row] as number),
    );
    for (let pivot = size - 1; pivot >= 0; pivot--) {
      const pivotRow = rows[pivot] as Float64Array;
      const scaled = pivotRow.map((value, index) => value * (weights[index] as number));
      const weight = inner(pivotRow, scaled);
      this.#weights[pivot] = weight;
      (this.#unit[pivot] as Float64Array)[pivot] = 1;
      for (let other = 0; other < pivot; other++) {
        const row = rows[other] as Float64Array;
        const share = weight > 0 ? inner(row, scaled) / weight : 0;
        (this.#unit[other] as Float64Array)[pivot] = share;
        for (let index = 0; index < row.length; index++)
          row[index] = (row[index] as number) - share * (pivotRow[index] as number);
      }
    }
  }
}

const ones = (count: number): Float64Array => new Float64Array(count).fill(1);

const columnsOf = (factor: Matrix): Float64Array[] =>
  Array.from({ length: factor.columns }, (_, column) =>
    Float64Array.from({ length: factor.rows }, (_unused, row) => factor.get(row, column)),
  ).filter((column) => column.some((value) => value !== 0));

const product = (matrix: Matrix, vector: Float64Array): Float64Array =>
  vector.map((_, row) => {
    let sum = 0;
    for (let index = 0; index < vector.length; index++)
      sum += matrix.get(row, index) * (vector[index] as number);
    return sum;
  });

function inner(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += (left[index] as number) * (right[index] as number);
  return sum;
}

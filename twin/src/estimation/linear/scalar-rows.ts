import { submatrix } from "../../linear-algebra/blocks.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";
import { isDiagonal } from "../../linear-algebra/symmetric.ts";
import type { Observation } from "./model.ts";

/** A reading as independent scalars: value_i = row_iᵀ x + v_i, v_i ~ N(0, noise_i); index_i is the output it stands for. */
export interface ScalarRows {
  readonly outputs: readonly number[];
  readonly rows: readonly Float64Array[];
  readonly noises: Float64Array;
  /** Unit lower-triangular L of R = L D Lᵀ over the present outputs; undefined where R is diagonal. */
  readonly mixing: Matrix | undefined;
  readonly offsets: Float64Array;
}

/**
 * Splits readings into scalars with independent noises, so that a filter never inverts a matrix.
 *
 * With correlated noise R = L D Lᵀ of the outputs that are present, L⁻¹(y − d) has rows L⁻¹Z and noise D. What was
 * prepared for an observation and a pattern of missing outputs is kept for the next reading of the same kind.
 *
 * @see Durbin & Koopman (2012), §6.4.
 */
export class RowSplitter {
  #observation: Observation | undefined;
  #correlated = false;
  #prepared = new Map<string, ScalarRows>();

  /** @throws {TwinError} NOT_POSITIVE_SEMIDEFINITE for R. */
  split(observation: Observation, reading: Float64Array): ScalarRows {
    if (observation !== this.#observation) {
      this.#observation = observation;
      this.#prepared = new Map();
      this.#correlated = !isDiagonal(observation.noise);
    }
    const pattern = patternOf(reading);
    const known = this.#prepared.get(pattern);
    if (known !== undefined) return known;
    const outputs = [...reading.keys()].filter((output) => !Number.isNaN(reading[output]));
    const rows = prepare(observation, outputs, this.#correlated);
    this.#prepared.set(pattern, rows);
    return rows;
  }
}

/** L⁻¹(y − d) over the present outputs. */
export function scalarValues({ outputs, offsets, mixing }: ScalarRows, reading: Float64Array): Float64Array {
  const values = new Float64Array(outputs.length);
  for (let index = 0; index < values.length; index++)
    values[index] = (reading[outputs[index] as number] as number) - (offsets[index] as number);
  if (mixing !== undefined)
    for (let row = 1; row < values.length; row++)
      for (let inner = 0; inner < row; inner++)
        values[row] = (values[row] as number) - mixing.get(row, inner) * (values[inner] as number);
  return values;
}

function patternOf(reading: Float64Array): string {
  if (reading.length === 1) return Number.isNaN(reading[0]) ? "-" : "+";
  let pattern = "";
  for (const value of reading) pattern += Number.isNaN(value) ? "-" : "+";
  return pattern;
}

function prepare(observation: Observation, outputs: readonly number[], correlated: boolean): ScalarRows {
  const { matrix, offset, noise } = observation;
  const rows = outputs.map((output) =>
    Float64Array.from({ length: matrix.columns }, (_, state) => matrix.get(output, state)),
  );
  const offsets = Float64Array.from(outputs, (output) => offset?.[output] ?? 0);
  if (!correlated) {
    const noises = Float64Array.from(outputs, (output) => noise.get(output, output));
    return { outputs, rows, noises, mixing: undefined, offsets };
  }
  const factor = semidefiniteFactor(submatrix(noise, outputs), "the observation noise");
  const noises = factor.diagonal().map((root) => root * root);
  const mixing = unitLower(factor);
  rows.forEach((row, index) => {
    for (let inner = 0; inner < index; inner++) {
      const scale = mixing.get(index, inner);
      const other = rows[inner] as Float64Array;
      for (let state = 0; state < row.length; state++)
        row[state] = (row[state] as number) - scale * (other[state] as number);
    }
  });
  return { outputs, rows, noises, mixing, offsets };
}

function unitLower(factor: Matrix): Matrix {
  const unit = Matrix.identity(factor.rows);
  for (let column = 0; column < factor.rows; column++) {
    const pivot = factor.get(column, column);
    if (pivot === 0) continue;
    for (let row = column + 1; row < factor.rows; row++)
      unit.set(row, column, factor.get(row, column) / pivot);
  }
  return unit;
}

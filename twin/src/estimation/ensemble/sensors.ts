import { cholesky, logDeterminant } from "../../linear-algebra/cholesky.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { InnovationFactor } from "./innovation-factor.ts";
import type { ObservedEnsemble } from "./observed.ts";
import { ReusedRows, transposeInto } from "./rows.ts";

/** L of R = L Lᵀ over some of the outputs. */
interface SensorFactor {
  readonly lower: Matrix;
  readonly logDeterminant: number;
}

/**
 * Puts readings into units of the sensors' noise. The factor of R is kept for each set of outputs that has come up; the
 * rows of an answer are reused by the next one.
 */
export class Sensors {
  readonly isDiagonal: boolean;
  readonly #noise: Matrix;
  readonly #factors = new Map<string, SensorFactor>();
  readonly #anomalies = new ReusedRows();
  readonly #columns = new ReusedRows();

  /** @param noise R, m × m, positive definite. */
  constructor(noise: Matrix) {
    this.#noise = noise;
    this.isDiagonal = noise.data.every(
      (value, index) => value === 0 || index % noise.columns === Math.floor(index / noise.columns),
    );
  }

  /** For h(x_i) − ȳ, N rows of m, and y − ȳ, m. */
  whiten(
    deviations: readonly Float64Array[],
    innovation: Float64Array,
    present: readonly number[],
  ): ObservedEnsemble {
    const count = deviations.length;
    const { lower, logDeterminant: logDeterminantOfNoise } = this.#factorOf(present);
    const anomalies = this.#anomalies.of(count, present.length);
    const columns = this.#columns.of(present.length, count);
    const whitened = new Float64Array(present.length);
    const scale = 1 / Math.sqrt(count - 1);
    const solve = this.isDiagonal ? divideByPivots : substitute;
    for (let member = 0; member < count; member++)
      solve(lower, deviations[member] as Float64Array, present, scale, anomalies[member] as Float64Array);
    solve(lower, innovation, present, 1, whitened);
    transposeInto(columns, anomalies, present.length);
    const factor = new InnovationFactor(anomalies, columns);
    return { anomalies, columns, innovation: whitened, present, factor, logDeterminantOfNoise };
  }

  #factorOf(present: readonly number[]): SensorFactor {
    const key = present.join();
    const known = this.#factors.get(key);
    if (known) return known;
    const lower = cholesky(
      Matrix.from(present.map((row) => present.map((column) => this.#noise.get(row, column)))),
    );
    const factor = { lower, logDeterminant: logDeterminant(lower) };
    this.#factors.set(key, factor);
    return factor;
  }
}

function divideByPivots(
  lower: Matrix,
  source: Float64Array,
  present: readonly number[],
  scale: number,
  out: Float64Array,
): void {
  for (let row = 0; row < present.length; row++)
    out[row] = (scale * (source[present[row] as number] as number)) / lower.get(row, row);
}

function substitute(
  lower: Matrix,
  source: Float64Array,
  present: readonly number[],
  scale: number,
  out: Float64Array,
): void {
  for (let row = 0; row < present.length; row++) {
    let sum = scale * (source[present[row] as number] as number);
    for (let column = 0; column < row; column++) sum -= lower.get(row, column) * (out[column] as number);
    out[row] = sum / lower.get(row, row);
  }
}

import { entry, Matrix } from "../../linear-algebra/matrix.ts";
import { svd } from "../../linear-algebra/svd.ts";

/** Means and scaled deviations of an ensemble: A_z and S = R^{−½} A_d, divided by √(N − 1); members are columns. */
export interface Anomalies {
  /** d × N. */
  readonly unknowns: Matrix;
  /** n × N. */
  readonly outputs: Matrix;
  /** n. */
  readonly meanOutput: Float64Array;
}

export function anomaliesOf(
  points: readonly Float64Array[],
  outputs: readonly Float64Array[],
  noise: Float64Array,
): Anomalies {
  return {
    unknowns: deviations(points, meanVector(points)),
    outputs: deviations(outputs, meanVector(outputs), noise),
    meanOutput: meanVector(outputs),
  };
}

/**
 * The ensemble's Kalman gain for noise of variance α R, in units of the noise, d × n:
 *
 *     K = A_z Sᵀ (S Sᵀ + α I)⁻¹ = A_z V W (W² + α I)⁻¹ Uᵀ,   S = U W Vᵀ
 *
 * No n × n matrix is formed. Singular values are kept, the largest first, until they hold `energy` of Σ w²: 1 keeps all.
 * @see Evensen (2004), Ocean Dynamics 54; Emerick (2016), J. Petroleum Sci. Eng. 145, §2.2.
 */
export function subspaceGain({ unknowns, outputs }: Anomalies, alpha: number, energy: number): Matrix {
  const { left, values, right } = svd(outputs);
  const rank = keptRank(values, energy);
  const gain = new Matrix(unknowns.rows, outputs.rows);
  for (let direction = 0; direction < rank; direction++) {
    const value = entry(values, direction);
    const factor = value / (value * value + alpha);
    for (let unknown = 0; unknown < unknowns.rows; unknown++) {
      let projected = 0;
      for (let member = 0; member < unknowns.columns; member++)
        projected += unknowns.get(unknown, member) * right.get(member, direction);
      for (let reading = 0; reading < outputs.rows; reading++)
        gain.add(unknown, reading, factor * projected * left.get(reading, direction));
    }
  }
  return gain;
}

function keptRank(values: Float64Array, energy: number): number {
  const total = values.reduce((sum, value) => sum + value * value, 0);
  let held = 0;
  let rank = 0;
  while (rank < values.length && entry(values, rank) > 0 && held < energy * total)
    held += entry(values, rank++) ** 2;
  return rank;
}

export function meanVector(vectors: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (let index = 0; index < mean.length; index++)
      mean[index] = entry(mean, index) + entry(vector, index) / vectors.length;
  return mean;
}

function deviations(vectors: readonly Float64Array[], mean: Float64Array, scale?: Float64Array): Matrix {
  const result = new Matrix(mean.length, vectors.length);
  const root = Math.sqrt(vectors.length - 1);
  vectors.forEach((vector, column) => {
    for (let row = 0; row < mean.length; row++)
      result.set(
        row,
        column,
        (entry(vector, row) - entry(mean, row)) / root / (scale === undefined ? 1 : entry(scale, row)),
      );
  });
  return result;
}

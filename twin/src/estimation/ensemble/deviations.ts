import { Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import type { Gaussian } from "../gaussian.ts";
import { CovarianceRoot } from "./covariance-root.ts";
import { addScaled, centre, inner, zeroRows } from "./rows.ts";

/** An ensemble of N members of n states, as its mean and N anomalies that sum to zero. */
export interface Deviations {
  /** x̄, n. */
  readonly mean: Float64Array;
  /** x_i − x̄, N rows of n. */
  readonly anomalies: readonly Float64Array[];
}

/** Σ_i (x_i − x̄)(x_i − x̄)ᵀ / (N − 1), n × n. */
export function sampleCovariance({ mean, anomalies }: Deviations): Matrix {
  const size = mean.length;
  const result = new Matrix(size, size);
  const columns = zeroRows(size, anomalies.length);
  for (let state = 0; state < size; state++)
    (columns[state] as Float64Array).forEach((_, member, column) => {
      column[member] = anomalies[member]?.[state] as number;
    });
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const sum = inner(columns[row] as Float64Array, columns[column] as Float64Array, anomalies.length);
      result.set(row, column, sum / (anomalies.length - 1));
      result.set(column, row, sum / (anomalies.length - 1));
    }
  }
  return result;
}

/** √(mean over the states of the ensemble variance): what the error of the mean should be, in size. */
export function spread({ mean, anomalies }: Deviations): number {
  let sum = 0;
  for (const anomaly of anomalies) sum += inner(anomaly, anomaly, mean.length);
  return Math.sqrt(sum / ((anomalies.length - 1) * mean.length));
}

/** N independent draws from N(m, P). */
export function drawMembers(prior: Gaussian, count: number, dice: Dice): Deviations {
  const size = prior.mean.length;
  const root = new CovarianceRoot(prior.covariance, size, "the prior covariance");
  const mean = new Float64Array(size);
  const anomalies = zeroRows(count, size);
  for (const anomaly of anomalies) root.addDraw(dice, anomaly);
  centre(anomalies, mean);
  addScaled(mean, 1, prior.mean, size);
  return { mean, anomalies };
}

/**
 * N > rank P members whose sample mean and covariance are m and P to round-off: random orthonormal columns,
 * orthogonal to the constant vector, times the root of P.
 * @see Pham (2001), Mon. Weather Rev. 129, §3 (second-order exact sampling).
 */
export function exactMembers(prior: Gaussian, count: number, dice: Dice): Deviations {
  const size = prior.mean.length;
  const directions = new CovarianceRoot(prior.covariance, size, "the prior covariance").directions();
  const basis: Float64Array[] = [new Float64Array(count).fill(1 / Math.sqrt(count))];
  const anomalies = zeroRows(count, size);
  const scale = Math.sqrt(count - 1);
  for (const direction of directions) {
    const column = orthonormal(basis, count, dice);
    basis.push(column);
    anomalies.forEach((anomaly, member) => {
      addScaled(anomaly, scale * (column[member] as number), direction, size);
    });
  }
  return { mean: prior.mean.slice(), anomalies };
}

/** A random unit vector orthogonal to all in `basis`; projected twice, which is enough. */
function orthonormal(basis: readonly Float64Array[], length: number, dice: Dice): Float64Array {
  const vector = Float64Array.from({ length }, () => dice.normal());
  for (let pass = 0; pass < 2; pass++)
    for (const other of basis) addScaled(vector, -inner(vector, other, length), other, length);
  const norm = Math.sqrt(inner(vector, vector, length));
  for (let index = 0; index < length; index++) vector[index] = (vector[index] as number) / norm;
  return vector;
}

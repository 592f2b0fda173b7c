import { cholesky } from "../linear-algebra/cholesky.ts";
import { Matrix } from "../linear-algebra/matrix.ts";

/**
 * Sigma points of N(m, P) for n dimensions, and their weights.
 *
 *     x₀ = m,   x_{±j} = m ± √(n + λ) L_j,   P = L Lᵀ,   λ = α²(n + κ) − n
 *     w₀ᵐ = λ/(n + λ),   w₀ᶜ = w₀ᵐ + 1 − α² + β,   w_j = 1/(2(n + λ))
 *
 * With α = 1, β = κ = 0 the centre has no weight: the spherical cubature rule, all weights positive.
 * α = 1e-3, a common choice, puts the points inside a model's solver noise: keep α ≥ 0.1.
 *
 * @see Julier & Uhlmann (2004), Proc. IEEE 92(3); Arasaratnam & Haykin (2009), IEEE Trans. Autom. Control 54(6).
 */
export interface SigmaRule {
  readonly alpha: number;
  readonly beta: number;
  readonly kappa: number;
}
export const CUBATURE: SigmaRule = { alpha: 1, beta: 0, kappa: 0 };

export interface SigmaPoints {
  /** One point per row. */
  readonly points: Matrix;
  readonly meanWeights: Float64Array;
  readonly covarianceWeights: Float64Array;
}

/** Weights of n pairs m ± √c L_j, each 1/(2c), and of the centre. */
export interface PairWeights {
  /** c = n + λ: squared distance of the points, in sds. */
  readonly squaredReach: number;
  /** Weight of the centre in the mean. */
  readonly mean: number;
  /** Weight of the centre in covariances. */
  readonly covariance: number;
}

export function pairWeights(states: number, { alpha, beta, kappa }: SigmaRule): PairWeights {
  const squaredReach = alpha * alpha * (states + kappa);
  const mean = 1 - states / squaredReach;
  return { squaredReach, mean, covariance: mean + 1 - alpha * alpha + beta };
}

export function sigmaPoints(mean: Float64Array, covariance: Matrix, rule: SigmaRule): SigmaPoints {
  const size = mean.length;
  const centre = pairWeights(size, rule);
  const withCentre = centre.mean !== 0 || centre.covariance !== 0;
  const factor = cholesky(covariance);
  const offset = withCentre ? 1 : 0;
  const points = new Matrix(2 * size + offset, size);
  const meanWeights = new Float64Array(points.rows).fill(1 / (2 * centre.squaredReach));
  const covarianceWeights = meanWeights.slice();
  if (withCentre) {
    meanWeights[0] = centre.mean;
    covarianceWeights[0] = centre.covariance;
  }
  for (let row = 0; row < points.rows; row++) points.data.set(mean, row * size);
  const scale = Math.sqrt(centre.squaredReach);
  for (let column = 0; column < size; column++) {
    for (let row = column; row < size; row++) {
      points.add(offset + column, row, scale * factor.get(row, column));
      points.add(offset + size + column, row, -scale * factor.get(row, column));
    }
  }
  return { points, meanWeights, covarianceWeights };
}

/** Moments of y = h(x) over sigma points: mean, covariance and cross-covariance with x (n × m). */
export interface Moments {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
  readonly cross: Matrix;
}

/** `images`: h at each sigma point, one per row. */
export function momentsOf(sigma: SigmaPoints, centre: Float64Array, images: Matrix): Moments {
  const { points, meanWeights, covarianceWeights } = sigma;
  const mean = new Float64Array(images.columns);
  for (let row = 0; row < images.rows; row++) {
    for (let column = 0; column < images.columns; column++)
      mean[column] = (mean[column] as number) + (meanWeights[row] as number) * images.get(row, column);
  }
  const covariance = new Matrix(images.columns, images.columns);
  const cross = new Matrix(points.columns, images.columns);
  const deviation = new Float64Array(images.columns);
  for (let row = 0; row < images.rows; row++) {
    const weight = covarianceWeights[row] as number;
    for (let column = 0; column < images.columns; column++)
      deviation[column] = images.get(row, column) - (mean[column] as number);
    accumulate(covariance, deviation, deviation, weight);
    accumulate(
      cross,
      points.data
        .subarray(row * points.columns, (row + 1) * points.columns)
        .map((x, index) => x - (centre[index] as number)),
      deviation,
      weight,
    );
  }
  return { mean, covariance, cross };
}

/** M ← M + w a bᵀ. */
function accumulate(matrix: Matrix, left: Float64Array, right: Float64Array, weight: number): void {
  const { data, columns } = matrix;
  for (let row = 0; row < left.length; row++) {
    const scale = weight * (left[row] as number);
    if (scale === 0) continue;
    const start = row * columns;
    for (let column = 0; column < right.length; column++)
      data[start + column] = (data[start + column] as number) + scale * (right[column] as number);
  }
}

import { cholesky, logDeterminant, subtractGram } from "../linear-algebra/cholesky.ts";
import { dot, entry, Matrix, timesVector } from "../linear-algebra/matrix.ts";
import { solveLower } from "../linear-algebra/triangular.ts";
import type { Gaussian } from "./gaussian.ts";

export interface Updated {
  readonly gaussian: Gaussian;
  /** ln p(y) up to a constant that depends on the dimension alone. */
  readonly logWeight: number;
  /** Normalised innovation squared, dimension `size`. */
  readonly nis: number;
  readonly size: number;
}

/** The predicted moments of a reading. */
export interface Prediction {
  /** E[y], m. */
  readonly mean: Float64Array;
  /** Cov[y] without the sensors' noise, m × m. */
  readonly covariance: Matrix;
  /** Cov[x, y], n × m. */
  readonly cross: Matrix;
}

/**
 * Bayes' rule for a Gaussian prior and y = h(x) + e, e ~ N(0, R) with R diagonal, by the predicted moments.
 *
 *     S = Cov[y] + R = L Lᵀ,   W = L⁻¹ Cov[y, x],   x⁺ = x + Wᵀ L⁻¹(y − E[y]),   P⁺ = P − Wᵀ W
 *
 * Reported is P⁺, the posterior covariance. On a linear h this is the Kalman filter, exactly. For beliefs that are mixed and
 * cut between readings, which needs P itself; filters that run on their own carry its square root (`nonlinear/`).
 * @see Särkkä (2013), Bayesian Filtering and Smoothing, §6.1 (general Gaussian filter).
 */
export function condition(
  prior: Gaussian,
  { mean, covariance, cross }: Prediction,
  noise: Float64Array,
  reading: Float64Array,
): Updated {
  const size = mean.length;
  const total = covariance.copy();
  for (let index = 0; index < size; index++) total.add(index, index, entry(noise, index) ** 2);
  const factor = cholesky(total);
  const whitened = solveLower(
    factor,
    new Matrix(
      size,
      1,
      reading.map((value, index) => value - entry(mean, index)),
    ),
  );
  const weights = solveLower(factor, cross.transpose());
  const nis = dot(whitened.data, whitened.data);
  const shift = timesVector(weights.transpose(), whitened.data);
  return {
    gaussian: {
      mean: prior.mean.map((value, index) => value + entry(shift, index)),
      covariance: subtractGram(prior.covariance.copy(), weights),
    },
    logWeight: -0.5 * (nis + logDeterminant(factor)),
    nis,
    size,
  };
}

import { type Matrix, multiply, plus, symmetrise, timesVector } from "../linear-algebra/matrix.ts";
import type { Gaussian } from "./gaussian.ts";
import { condition, type Updated } from "./gaussian-filter.ts";

/**
 * x⁻ = F x,  P⁻ = F P Fᵀ + Q. F: n × n, Q: n × n, both already for the time that passed.
 * @see Kalman (1960), J. Basic Eng. 82; Särkkä (2013) §4.3.
 */
export function predict({ mean, covariance }: Gaussian, transition: Matrix, noise: Matrix): Gaussian {
  return {
    mean: timesVector(transition, mean),
    covariance: symmetrise(plus(multiply(multiply(transition, covariance), transition.transpose()), noise)),
  };
}

/** Bayes' rule for y = H x + e, e ~ N(0, diag(sd²)). H: m × n. Returns the posterior. */
export function update(
  prior: Gaussian,
  observation: Matrix,
  sds: Float64Array,
  reading: Float64Array,
): Updated {
  const cross = multiply(prior.covariance, observation.transpose());
  return condition(
    prior,
    {
      mean: timesVector(observation, prior.mean),
      covariance: symmetrise(multiply(observation, cross)),
      cross,
    },
    sds,
    reading,
  );
}

import { Matrix, plus, symmetrise } from "../linear-algebra/matrix.ts";
import type { Gaussian } from "./gaussian.ts";
import { condition, type Updated } from "./gaussian-filter.ts";
import { momentsOf, type SigmaPoints, type SigmaRule, sigmaPoints } from "./unscented-transform.ts";

/** A function between vectors; writes its value into `out`. */
export type VectorFunction = (input: Float64Array, out: Float64Array) => void;

const imagesOf = ({ points }: SigmaPoints, map: VectorFunction, size: number): Matrix => {
  const images = new Matrix(points.rows, size);
  for (let row = 0; row < points.rows; row++) {
    map(
      points.data.subarray(row * points.columns, (row + 1) * points.columns),
      images.data.subarray(row * size, (row + 1) * size),
    );
  }
  return images;
};

/**
 * x⁻, P⁻ of x⁺ = f(x) + w, w ~ N(0, Q): moments of f over sigma points, plus Q.
 * @see Julier & Uhlmann (2004); Wan & van der Merwe (2000).
 */
export function predict(
  belief: Gaussian,
  transition: VectorFunction,
  noise: Matrix,
  rule: SigmaRule,
): Gaussian {
  const sigma = sigmaPoints(belief.mean, belief.covariance, rule);
  const { mean, covariance } = momentsOf(sigma, belief.mean, imagesOf(sigma, transition, belief.mean.length));
  return { mean, covariance: symmetrise(plus(covariance, noise)) };
}

/** Bayes' rule for y = h(x) + e. Sigma points are drawn from the prior as it stands, with its process noise; returned is the posterior. */
export function update(
  prior: Gaussian,
  observation: VectorFunction,
  sds: Float64Array,
  reading: Float64Array,
  rule: SigmaRule,
): Updated {
  const sigma = sigmaPoints(prior.mean, prior.covariance, rule);
  return condition(
    prior,
    momentsOf(sigma, prior.mean, imagesOf(sigma, observation, reading.length)),
    sds,
    reading,
  );
}

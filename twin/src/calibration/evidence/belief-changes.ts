import type { Gaussian } from "../../estimation/gaussian.ts";
import { condition } from "../../estimation/gaussian-filter.ts";
import { momentsOf, type SigmaRule, sigmaPoints } from "../../estimation/unscented-transform.ts";
import { entry, Matrix } from "../../linear-algebra/matrix.ts";
import { STEEPEST } from "../density.ts";
import { type Bounds, fromNatural, slope, toNatural } from "../soft-clamp.ts";

/** A part was replaced: coordinate `index` believes its prior again, and shares nothing with the others any more. */
export function renewed(
  { mean, covariance }: Gaussian,
  index: number,
  bounds: Bounds,
  prior: { readonly mean: number; readonly sd: number },
): Gaussian {
  const means = mean.slice();
  const anew = covariance.copy();
  means[index] = fromNatural(bounds, prior.mean);
  for (let other = 0; other < means.length; other++) {
    anew.set(index, other, 0);
    anew.set(other, index, 0);
  }
  anew.set(index, index, (prior.sd / Math.max(slope(bounds, entry(means, index)), STEEPEST)) ** 2);
  return { mean: means, covariance: anew };
}

/** Three points of one coordinate: Gauss–Hermite of order 3. */
const THREE_POINTS: SigmaRule = { alpha: 1, beta: 0, kappa: 2 };

/**
 * Bayes' rule for a parameter that was measured itself: value = g(z_i) + e, e ~ N(0, sd²).
 *
 *     Cov[x, g] = P_{·i} Cov[z_i, g] / P_ii          (exact for the joint Gaussian)
 */
export function inspected(
  belief: Gaussian,
  index: number,
  bounds: Bounds,
  { value, sd }: { readonly value: number; readonly sd: number },
): Gaussian {
  const variance = belief.covariance.get(index, index);
  const centre = belief.mean.slice(index, index + 1);
  const sigma = sigmaPoints(centre, new Matrix(1, 1, Float64Array.of(variance)), THREE_POINTS);
  const images = new Matrix(
    sigma.points.rows,
    1,
    sigma.points.data.map((z) => toNatural(bounds, z)),
  );
  const { mean, covariance, cross } = momentsOf(sigma, centre, images);
  const along = new Matrix(
    belief.mean.length,
    1,
    belief.mean.map((_, row) => (belief.covariance.get(row, index) * cross.get(0, 0)) / variance),
  );
  return condition(belief, { mean, covariance, cross: along }, Float64Array.of(sd), Float64Array.of(value))
    .gaussian;
}

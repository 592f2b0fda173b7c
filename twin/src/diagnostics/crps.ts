import { entry } from "../linear-algebra/matrix.ts";
import { standardNormalCdf, standardNormalDensity } from "../probability/normal.ts";
import { badForecast, requireFinite, requireSpread } from "./forecast-checks.ts";
import { type GaussianComponent, totalWeight } from "./gaussian-mixture.ts";

/*
 * Continuous ranked probability score: ∫ (F(x) − 1{x ≥ y})² dx. Units of the quantity; 0 is perfect, smaller is better; of a
 * point forecast it is the absolute error. Proper: nobody gains by stating what they do not believe.
 * Source: Gneiting & Raftery (2007), JASA 102, §4.2.
 */

/**
 * Of N(mean, sd²).
 *
 *     sd (z (2Φ(z) − 1) + 2φ(z) − 1/√π),   z = (y − mean)/sd
 *
 * @see Gneiting, Raftery, Westveld & Goldman (2005), Mon. Weather Rev. 133, eq. 5.
 */
export function crpsGaussian(mean: number, sd: number, observation: number): number {
  requireSpread(sd);
  requireFinite(mean, observation);
  return foldedMean(observation - mean, sd) - sd / Math.sqrt(Math.PI);
}

/** E|X| of X ~ N(mean, sd²). */
function foldedMean(mean: number, sd: number): number {
  const z = mean / sd;
  return mean * (2 * standardNormalCdf(z) - 1) + 2 * sd * standardNormalDensity(z);
}

/**
 * Of a mixture of Gaussians; weights are divided by their sum. O(k²).
 *
 *     Σ_i w_i A(y − μ_i, σ_i²) − ½ Σ_ij w_i w_j A(μ_i − μ_j, σ_i² + σ_j²),   A(μ, σ²) = E|N(μ, σ²)|
 *
 * @see Grimit, Gneiting, Berrocal & Johnson (2006), Q. J. R. Meteorol. Soc. 132, eq. 5.
 */
export function crpsGaussianMixture(mixture: readonly GaussianComponent[], observation: number): number {
  const total = totalWeight(mixture);
  for (const { mean, sd } of mixture) {
    requireSpread(sd);
    requireFinite(mean, observation);
  }
  let distance = 0;
  let spread = 0;
  for (const left of mixture) {
    distance += (left.weight / total) * foldedMean(observation - left.mean, left.sd);
    for (const right of mixture)
      spread +=
        (left.weight / total) *
        (right.weight / total) *
        foldedMean(left.mean - right.mean, Math.hypot(left.sd, right.sd));
  }
  return distance - spread / 2;
}

/**
 * Of the empirical distribution of an ensemble. It punishes small ensembles for being small: use `crpsFair` to compare
 * ensembles of different sizes, this one to score what was in fact published.
 *
 *     (1/M) Σ |x_i − y| − (1/2M²) Σ |x_i − x_j|
 */
export const crpsEnsemble = (members: ArrayLike<number>, observation: number): number =>
  kernelScore(members, observation, members.length * members.length);

/**
 * Estimate, free of bias, of the score of the distribution from which the members were drawn; at least two members.
 *
 *     (1/M) Σ |x_i − y| − (1/(2M(M − 1))) Σ |x_i − x_j|
 *
 * @see Ferro (2014), Q. J. R. Meteorol. Soc. 140, eq. 6.
 */
export function crpsFair(members: ArrayLike<number>, observation: number): number {
  if (members.length < 2) throw badForecast(`an ensemble of ${members.length}`, "at least two members");
  return kernelScore(members, observation, members.length * (members.length - 1));
}

function kernelScore(members: ArrayLike<number>, observation: number, pairs: number): number {
  const size = members.length;
  if (size === 0) throw badForecast("an ensemble of 0", "at least one member");
  const sorted = Float64Array.from(members).sort();
  let distance = 0;
  let spread = 0;
  for (let index = 0; index < size; index++) {
    const member = entry(sorted, index);
    requireFinite(member, observation);
    const error = member - observation;
    distance += Math.abs(error);
    // Σ_ij |x_i − x_j| = 2 Σ_i (2i + 1 − M) x_(i), i from 0; of errors, for a common offset would cost digits.
    spread += 2 * (2 * index + 1 - size) * error;
  }
  return distance / size - spread / (2 * pairs);
}

/**
 * Of a forecast known by its quantiles only: twice the mean pinball loss. Equal steps of probability from 1/(2k) on make it an
 * approximation of the integral over all quantiles, with an error of order 1/k.
 *
 *     (2/k) Σ (1{y < q_i} − p_i)(q_i − y)
 *
 * @see Laio & Tamea (2007), Hydrol. Earth Syst. Sci. 11, eq. 12; Gneiting & Ranjan (2011), J. Bus. Econ. Stat. 29.
 */
export function crpsQuantiles(
  quantiles: readonly { readonly probability: number; readonly value: number }[],
  observation: number,
): number {
  if (quantiles.length === 0) throw badForecast("0 quantiles", "at least one");
  let sum = 0;
  for (const { probability, value } of quantiles) {
    requireFinite(value, observation);
    sum += pinballLoss(probability, value, observation);
  }
  return (2 * sum) / quantiles.length;
}

/** Loss of a quantile stated at `probability`: its expectation is least at the true quantile. */
export function pinballLoss(probability: number, quantile: number, observation: number): number {
  if (!(probability > 0 && probability < 1))
    throw badForecast(`a quantile at probability ${probability}`, "a probability inside (0, 1)");
  return ((observation < quantile ? 1 : 0) - probability) * (quantile - observation);
}

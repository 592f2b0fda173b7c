import { entry } from "../linear-algebra/matrix.ts";
import { quantileOfSorted } from "../probability/empirical.ts";
import { sampleMean, sampleVariance } from "../probability/sample-moments.ts";
import { meanAutocovariance } from "./autocovariance.ts";
import { type Chains, checkChains, isConstant, mapChains, pooled, splitChains } from "./chains.ts";
import { normalScores } from "./ranks.ts";

/*
 * How many independent draws would tell as much as these. All over halves of chains; all NaN when what they look at is
 * constant, for then no number of draws can be told.
 * Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), Bayesian Analysis 16(2), §3.2 and §4.
 */

/** Of the normal scores: how well the centre of the distribution is explored. */
export const essBulk = (chains: Chains): number => checked(chains, (all) => normalScores(splitChains(all)));

/** The lesser of the 5 % and the 95 % quantile's: how well the tails are explored. */
export const essTail = (chains: Chains): number =>
  // A quantile of which nothing is known must not be passed over: NaN wins.
  Math.min(essQuantile(chains, 0.05), essQuantile(chains, 0.95));

/** For the mean. */
export const essMean = (chains: Chains): number => checked(chains, splitChains);

/** For the standard deviation: of |x − mean|. */
export const essSd = (chains: Chains): number =>
  checked(chains, (all) => {
    const mean = sampleMean(pooled(all));
    return splitChains(mapChains(all, (draw) => Math.abs(draw - mean)));
  });

/** For the variance: of (x − mean)². */
export const essVariance = (chains: Chains): number =>
  checked(chains, (all) => {
    const mean = sampleMean(pooled(all));
    return splitChains(mapChains(all, (draw) => (draw - mean) ** 2));
  });

/** For a quantile: of the indicator x ≤ quantile. */
export const essQuantile = (chains: Chains, probability: number): number =>
  checked(chains, (all) => {
    const quantile = quantileOfSorted(pooled(all).sort(), probability);
    return splitChains(mapChains(all, (draw) => (draw <= quantile ? 1 : 0)));
  });

function checked(chains: Chains, seenAs: (chains: Chains) => Chains): number {
  checkChains(chains);
  return effectiveSampleSize(seenAs(chains));
}

/**
 *     S/τ,  τ = −1 + 2 Σ_t (ρ_{2t} + ρ_{2t+1}),   ρ_t = 1 − (W − mean over chains of c_t)/V
 *
 * V = (n − 1)/n W + B/n: chains that disagree look correlated for ever. The sum runs over Geyer's initial monotone positive
 * pairs. τ ≥ 1/log₁₀ S: antithetic chains are believed only so far.
 *
 * @see Geyer (1992), Stat. Sci. 7(4), §3.3.
 */
function effectiveSampleSize(chains: Chains): number {
  if (isConstant(chains)) return Number.NaN;
  const draws = chains[0]?.length ?? 0;
  const total = chains.length * draws;
  const covariances = meanAutocovariance(chains);
  const within = (entry(covariances, 0) * draws) / (draws - 1);
  const plus = entry(covariances, 0) + (chains.length > 1 ? sampleVariance(chains.map(sampleMean)) : 0);
  const correlation = (lag: number): number => 1 - (within - entry(covariances, lag)) / plus;
  return total / Math.max(integratedTime(correlation, draws), 1 / Math.log10(total));
}

/** τ. Pairs are summed while they are positive, each cut to the one before; of the first that is not, the even lag counts once if positive. */
function integratedTime(correlation: (lag: number) => number, draws: number): number {
  let even = 1;
  let odd = correlation(1);
  let before = Number.POSITIVE_INFINITY;
  let sum = 0;
  let lag = 0;
  while (lag < draws - 5 && even + odd > 0) {
    before = Math.min(even + odd, before);
    sum += before;
    lag += 2;
    even = correlation(lag);
    odd = correlation(lag + 1);
  }
  return -1 + 2 * sum + Math.max(even, 0);
}

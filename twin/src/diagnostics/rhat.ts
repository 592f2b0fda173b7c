import { quantileOfSorted } from "../probability/empirical.ts";
import { sampleMean, sampleVariance } from "../probability/sample-moments.ts";
import { type Chains, checkChains, mapChains, pooled, splitChains } from "./chains.ts";
import { normalScores } from "./ranks.ts";

/**
 * Rank-normalised split R-hat: 1 when all halves of all chains draw from one distribution; above 1.01 they do not.
 *
 *     R̂ = max(R̂(z of x), R̂(z of |x − median|))       z: normal scores of ranks, halves of chains
 *
 * The folded part sees chains of equal location and unequal spread. Four chains from over-dispersed starts are the least
 * that this can be trusted with: one chain is only compared with itself.
 *
 * @returns NaN when all draws are equal (nothing is known, agreement least of all); ∞ when each half stands still elsewhere.
 * @see Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), Bayesian Analysis 16(2), §4.
 */
export function rhat(chains: Chains): number {
  checkChains(chains);
  const median = quantileOfSorted(pooled(chains).sort(), 0.5);
  const folded = mapChains(chains, (draw) => Math.abs(draw - median));
  const bulk = potentialScaleReduction(normalScores(splitChains(chains)));
  const tails = potentialScaleReduction(normalScores(splitChains(folded)));
  // Draws on two values at equal distance from their median fold to a constant: then the bulk alone speaks.
  return Number.isNaN(tails) ? bulk : Math.max(bulk, tails);
}

/** Split R-hat of the draws themselves: needs a finite variance. @see Gelman et al. (2013), Bayesian Data Analysis, §11.4. */
export function rhatBasic(chains: Chains): number {
  checkChains(chains);
  return potentialScaleReduction(splitChains(chains));
}

/**
 *     R̂² = ((n − 1)/n W + B/n)/W      W: mean variance within chains, B/n: variance of the chains' means
 *
 * 0/0 of a constant is NaN, as it should be.
 */
function potentialScaleReduction(chains: Chains): number {
  const draws = chains[0]?.length ?? 0;
  const within = sampleMean(chains.map((chain) => sampleVariance(chain)));
  const between = sampleVariance(chains.map(sampleMean));
  return Math.sqrt((draws - 1) / draws + between / within);
}

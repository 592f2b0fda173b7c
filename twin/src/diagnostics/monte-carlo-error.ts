import { entry } from "../linear-algebra/matrix.ts";
import { betaQuantile } from "../probability/beta.ts";
import { sampleMean, sampleVariance } from "../probability/sample-moments.ts";
import { type Chains, pooled } from "./chains.ts";
import { essMean, essQuantile, essVariance } from "./effective-sample-size.ts";

/*
 * Standard errors of what a sample of draws says about its distribution: Monte Carlo error, not posterior spread.
 * Units of the quantity. NaN for constant draws.
 */

/** sd/√ESS. */
export const mcseMean = (chains: Chains): number =>
  Math.sqrt(sampleVariance(pooled(chains)) / essMean(chains));

/**
 * By the delta method from the variance's own error; fourth moments must exist, no normality is assumed.
 *
 *     √((m₄ − m₂²)/ESS)/(2√m₂)      m_k: central moments, ESS of (x − mean)²
 *
 * @see Kenney & Keeping (1951), Mathematics of Statistics 2, p. 141.
 */
export function mcseSd(chains: Chains): number {
  const draws = pooled(chains);
  const mean = sampleMean(draws);
  const second = sampleMean(draws.map((draw) => (draw - mean) ** 2));
  const fourth = sampleMean(draws.map((draw) => (draw - mean) ** 4));
  return Math.sqrt((fourth - second * second) / essVariance(chains) / (4 * second));
}

/** Φ(−1) and Φ(1): one standard error to each side. */
const ONE_SD_BELOW = 0.15865525393145705;
const ONE_SD_ABOVE = 0.8413447460685429;

/**
 * Half the distance between the order statistics that bound the quantile with probability 0.68: the share of draws below the
 * true quantile is Beta(ESS p + 1, ESS (1 − p) + 1).
 * @see Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), §4.4.
 */
export function mcseQuantile(chains: Chains, probability: number): number {
  const size = essQuantile(chains, probability);
  if (Number.isNaN(size)) return Number.NaN;
  const sorted = pooled(chains).sort();
  const shape = [size * probability + 1, size * (1 - probability) + 1] as const;
  const low = Math.max(Math.floor(betaQuantile(ONE_SD_BELOW, ...shape) * sorted.length), 1);
  const high = Math.min(Math.ceil(betaQuantile(ONE_SD_ABOVE, ...shape) * sorted.length), sorted.length);
  return (entry(sorted, high - 1) - entry(sorted, low - 1)) / 2;
}

import { requireInterval, requireProbability, requireReal } from "./arguments.ts";
import type { Parametric } from "./distribution.ts";

/** p(x) = 1/(high − low), low ≤ x ≤ high. */
export function uniform(low: number, high: number): Parametric {
  requireReal(low, "the low end of a uniform distribution");
  requireReal(high, "the high end of a uniform distribution");
  requireInterval(low, high, "a uniform distribution");
  const width = high - low;
  requireReal(width, "the width of a uniform distribution");
  const share = (x: number): number => Math.min(Math.max(x, 0), 1);
  return {
    support: [low, high],
    mean: low + width / 2,
    variance: (width * width) / 12,
    logDensity: (x) => (x < low || x > high ? Number.NEGATIVE_INFINITY : 0 * x - Math.log(width)),
    sample: (dice) => low + width * dice.uniform(),
    cdf: (x) => share((x - low) / width),
    survival: (x) => share((high - x) / width),
    quantile: (probability) => {
      requireProbability(probability);
      return low + width * probability;
    },
    inverseSurvival: (probability) => {
      requireProbability(probability);
      return high - width * probability;
    },
  };
}

import { requirePositive, requireProbability } from "./arguments.ts";
import type { Parametric } from "./distribution.ts";

/** p(x) = rate e^{−rate·x}, x ≥ 0. */
export function exponential(rate: number): Parametric {
  requirePositive(rate, "the rate of an exponential distribution");
  return {
    support: [0, Number.POSITIVE_INFINITY],
    mean: 1 / rate,
    variance: 1 / rate / rate,
    logDensity: (x) => (x < 0 ? Number.NEGATIVE_INFINITY : Math.log(rate) - rate * x),
    sample: (dice) => -Math.log(dice.uniform()) / rate,
    cdf: (x) => (x < 0 ? 0 : -Math.expm1(-rate * x)),
    survival: (x) => (x < 0 ? 1 : Math.exp(-rate * x)),
    quantile: (probability) => {
      requireProbability(probability);
      return -Math.log1p(-probability) / rate;
    },
    inverseSurvival: (probability) => {
      requireProbability(probability);
      return -Math.log(probability) / rate;
    },
  };
}

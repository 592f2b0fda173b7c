import { requirePositive, requireProbability } from "./arguments.ts";
import { cauchy, cauchyQuantile, cauchyTail } from "./cauchy.ts";
import type { Parametric } from "./distribution.ts";

/** |X|, X ~ Cauchy(0, scale): the density is doubled, its mass is 1. The mean is infinite. */
export function halfCauchy(scale: number): Parametric {
  requirePositive(scale, "the scale of a half-Cauchy distribution");
  const whole = cauchy(0, scale);
  return {
    support: [0, Number.POSITIVE_INFINITY],
    mean: Number.POSITIVE_INFINITY,
    variance: Number.NaN,
    logDensity: (x) => (x < 0 ? Number.NEGATIVE_INFINITY : Math.LN2 + whole.logDensity(x)),
    sample: (dice) => Math.abs(whole.sample(dice)),
    cdf: (x) => (x <= 0 ? 0 : (2 / Math.PI) * Math.atan(x / scale)),
    survival: (x) => (x <= 0 ? 1 : 2 * cauchyTail(x / scale)),
    quantile: (probability) => {
      requireProbability(probability);
      return probability < 0.5
        ? scale * Math.tan((Math.PI / 2) * probability)
        : -scale * cauchyQuantile((1 - probability) / 2);
    },
    inverseSurvival: (probability) => {
      requireProbability(probability);
      return -scale * cauchyQuantile(probability / 2);
    },
  };
}

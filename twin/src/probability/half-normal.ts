import { requirePositive, requireProbability } from "./arguments.ts";
import type { Parametric } from "./distribution.ts";
import { erf } from "./error-function.ts";
import {
  centralStandardNormalQuantile,
  LOG_SQRT_TWO_PI,
  standardNormalCdf,
  standardNormalQuantile,
} from "./normal.ts";

/** |X|, X ~ N(0, scale²): the density is doubled, its mass is 1. `scale` is the standard deviation of X, not of |X|. */
export function halfNormal(scale: number): Parametric {
  requirePositive(scale, "the scale of a half-normal distribution");
  const constant = LOG_SQRT_TWO_PI + Math.log(scale) - Math.LN2;
  return {
    support: [0, Number.POSITIVE_INFINITY],
    mean: scale * Math.sqrt(2 / Math.PI),
    variance: scale * scale * (1 - 2 / Math.PI),
    logDensity: (x) => (x < 0 ? Number.NEGATIVE_INFINITY : -0.5 * (x / scale) ** 2 - constant),
    sample: (dice) => scale * Math.abs(dice.normal()),
    cdf: (x) => (x <= 0 ? 0 : erf((x / scale) * Math.SQRT1_2)),
    survival: (x) => (x <= 0 ? 1 : 2 * standardNormalCdf(-x / scale)),
    quantile: (probability) => {
      requireProbability(probability);
      return probability < 0.8
        ? scale * centralStandardNormalQuantile(probability / 2)
        : -scale * standardNormalQuantile((1 - probability) / 2);
    },
    inverseSurvival: (probability) => {
      requireProbability(probability);
      return -scale * standardNormalQuantile(probability / 2);
    },
  };
}

import { requirePositive } from "./arguments.ts";
import { inverseRegularisedBeta, logBeta, regularisedBeta } from "./beta-function.ts";
import type { Parametric } from "./distribution.ts";
import { sampleLogGamma } from "./gamma.ts";

/** p(x) = x^{a−1}(1 − x)^{b−1}/B(a, b), 0 < x < 1. */
export function beta(a: number, b: number): Parametric {
  requirePositive(a, "the first shape of a beta distribution");
  requirePositive(b, "the second shape of a beta distribution");
  const constant = logBeta(a, b);
  return {
    support: [0, 1],
    mean: a / (a + b),
    variance: (a / (a + b)) * (b / (a + b)) * (1 / (a + b + 1)),
    logDensity: (x) => {
      if (x < 0 || x > 1) return Number.NEGATIVE_INFINITY;
      const left = a === 1 ? 0 : (a - 1) * Math.log(x);
      const right = b === 1 ? 0 : (b - 1) * Math.log1p(-x);
      return left + right - constant + 0 * x;
    },
    // X/(X + Y) of two gamma variables, by their logarithms: both may be too small for a double.
    sample: (dice) => 1 / (1 + Math.exp(sampleLogGamma(dice, b) - sampleLogGamma(dice, a))),
    cdf: (x) => regularisedBeta(a, b, x),
    survival: (x) => regularisedBeta(b, a, 1 - x, x),
    quantile: (probability) => inverseRegularisedBeta(a, b, probability),
    inverseSurvival: (probability) => inverseRegularisedBeta(a, b, 1 - probability, probability),
  };
}

export const betaCdf = (x: number, a: number, b: number): number => regularisedBeta(a, b, x);

/** x with P(X ≤ x) = `probability`. */
export const betaQuantile = (probability: number, a: number, b: number): number =>
  inverseRegularisedBeta(a, b, probability);

import { requirePositive, requireProbability, requireReal } from "./arguments.ts";
import type { Parametric } from "./distribution.ts";
import { logOnePlusSquare } from "./student-t.ts";

/** p(x) = 1/(π scale (1 + z²)), z = (x − location)/scale. It has no mean. */
export function cauchy(location: number, scale: number): Parametric {
  requireReal(location, "the location of a Cauchy distribution");
  requirePositive(scale, "the scale of a Cauchy distribution");
  const constant = Math.log(Math.PI) + Math.log(scale);
  return {
    support: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    mean: Number.NaN,
    variance: Number.NaN,
    logDensity: (x) => -constant - logOnePlusSquare((x - location) / scale),
    sample: (dice) => location + scale * cauchyQuantile(dice.uniform()),
    cdf: (x) => cauchyTail((location - x) / scale),
    survival: (x) => cauchyTail((x - location) / scale),
    quantile: (probability) => location + scale * cauchyQuantile(probability),
    inverseSurvival: (probability) => location - scale * cauchyQuantile(probability),
  };
}

/** P(X > z) of the standard Cauchy distribution. */
export const cauchyTail = (z: number): number => Math.atan2(1, z) / Math.PI;

export function cauchyQuantile(probability: number): number {
  requireProbability(probability);
  if (probability === 0 || probability === 1) return probability === 0 ? -Infinity : Infinity;
  return Math.abs(probability - 0.5) < 0.25
    ? Math.tan(Math.PI * (probability - 0.5))
    : probability < 0.5
      ? -1 / Math.tan(Math.PI * probability)
      : 1 / Math.tan(Math.PI * (1 - probability));
}

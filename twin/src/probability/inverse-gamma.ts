import { requirePositive } from "./arguments.ts";
import type { Parametric } from "./distribution.ts";
import { sampleGamma } from "./gamma.ts";
import { inverseLowerGamma, inverseUpperGamma, logGamma, lowerGamma, upperGamma } from "./gamma-function.ts";

/** p(x) = scale^shape x^{−shape−1} e^{−scale/x}/Γ(shape), x > 0: the reciprocal of a gamma variable of rate `scale`. */
export function inverseGamma(shape: number, scale: number): Parametric {
  requirePositive(shape, "the shape of an inverse gamma distribution");
  requirePositive(scale, "the scale of an inverse gamma distribution");
  const constant = shape * Math.log(scale) - logGamma(shape);
  return {
    support: [0, Number.POSITIVE_INFINITY],
    mean: shape > 1 ? scale / (shape - 1) : Number.POSITIVE_INFINITY,
    variance: varianceOf(shape) * scale * scale,
    logDensity: (x) =>
      x <= 0 || x === Number.POSITIVE_INFINITY
        ? Number.NEGATIVE_INFINITY
        : constant - (shape + 1) * Math.log(x) - scale / x,
    sample: (dice) => scale / sampleGamma(dice, shape),
    cdf: (x) => (x <= 0 ? 0 : upperGamma(shape, scale / x)),
    survival: (x) => (x <= 0 ? 1 : lowerGamma(shape, scale / x)),
    quantile: (probability) => scale / inverseUpperGamma(shape, probability),
    inverseSurvival: (probability) => scale / inverseLowerGamma(shape, probability),
  };
}

const varianceOf = (shape: number): number => {
  if (shape > 2) return 1 / ((shape - 1) ** 2 * (shape - 2));
  return shape > 1 ? Number.POSITIVE_INFINITY : Number.NaN;
};

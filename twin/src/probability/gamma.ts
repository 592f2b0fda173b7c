import type { Dice } from "../random/dice.ts";
import { requirePositive } from "./arguments.ts";
import type { Parametric } from "./distribution.ts";
import { inverseLowerGamma, inverseUpperGamma, logGamma, lowerGamma, upperGamma } from "./gamma-function.ts";

/** p(x) = rate^shape x^{shape−1} e^{−rate·x}/Γ(shape), x > 0. */
export function gamma(shape: number, rate: number): Parametric {
  requirePositive(shape, "the shape of a gamma distribution");
  requirePositive(rate, "the rate of a gamma distribution");
  const constant = shape * Math.log(rate) - logGamma(shape);
  return {
    support: [0, Number.POSITIVE_INFINITY],
    mean: shape / rate,
    variance: shape / rate / rate,
    logDensity: (x) =>
      x < 0 || x === Number.POSITIVE_INFINITY
        ? Number.NEGATIVE_INFINITY
        : constant + logPower(x, shape - 1) - rate * x,
    sample: (dice) => sampleGamma(dice, shape) / rate,
    cdf: (x) => lowerGamma(shape, rate * x),
    survival: (x) => upperGamma(shape, rate * x),
    quantile: (probability) => inverseLowerGamma(shape, probability) / rate,
    inverseSurvival: (probability) => inverseUpperGamma(shape, probability) / rate,
  };
}

/** ln x^power, with 0⁰ = 1. */
export const logPower = (x: number, power: number): number => (power === 0 ? 0 * x : power * Math.log(x));

/** One draw of shape `shape`, rate 1. */
export const sampleGamma = (dice: Dice, shape: number): number => Math.exp(sampleLogGamma(dice, shape));

/**
 * Its logarithm: for a shape far below 1 the draw itself may be too small for a double.
 * @see Marsaglia & Tsang (2000), ACM Trans. Math. Softw. 26(3), "A simple method for generating gamma variables".
 */
export function sampleLogGamma(dice: Dice, shape: number): number {
  if (shape < 1) return sampleLogGamma(dice, shape + 1) + Math.log(dice.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = dice.normal();
    const root = 1 + c * z;
    if (root <= 0) continue;
    const v = root * root * root;
    if (Math.log(dice.uniform()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

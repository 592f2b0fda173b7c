import { TwinError } from "../errors.ts";
import { requireInterval, requireProbability } from "./arguments.ts";
import type { Quantiled } from "./distribution.ts";

/**
 * X given low ≤ X ≤ high. Draws by inversion, so that an interval far out in a tail costs no rejections.
 *
 * @param low may be −∞, as `high` may be +∞.
 * @throws {TwinError} EMPTY when the interval holds no mass that a double can express.
 */
export function truncated(distribution: Quantiled, low: number, high: number): Quantiled {
  requireInterval(low, high, "a truncation");
  // Masses are differences of the tail in which they are small.
  const upper = distribution.cdf(low) > 0.5;
  const [atLow, atHigh] = upper
    ? [distribution.survival(low), distribution.survival(high)]
    : [distribution.cdf(low), distribution.cdf(high)];
  const mass = Math.abs(atHigh - atLow);
  if (!(mass > 0))
    throw new TwinError(
      "EMPTY",
      `a truncation to [${low}, ${high}] leaves no mass`,
      `expected an interval that meets the bulk of the distribution, whose support is [${distribution.support.join(", ")}]`,
    );
  const support = [Math.max(low, distribution.support[0]), Math.min(high, distribution.support[1])] as const;
  const inside = (x: number): number => Math.min(Math.max(x, support[0]), support[1]);
  /** Mass between the low end and x, as a share. */
  const share = (x: number): number => {
    if (x <= low || x >= high) return x <= low ? 0 : 1;
    return Math.abs((upper ? distribution.survival(x) : distribution.cdf(x)) - atLow) / mass;
  };
  const quantile = (probability: number): number => {
    requireProbability(probability);
    if (probability === 0 || probability === 1) return support[probability];
    return inside(
      upper
        ? distribution.inverseSurvival(Math.max(atLow - probability * mass, 0))
        : distribution.quantile(Math.min(atLow + probability * mass, 1)),
    );
  };
  return {
    support,
    logDensity: (x) =>
      x < low || x > high ? Number.NEGATIVE_INFINITY : distribution.logDensity(x) - Math.log(mass),
    sample: (dice) => quantile(dice.uniform()),
    cdf: share,
    survival: (x) => {
      if (x <= low || x >= high) return x <= low ? 1 : 0;
      return Math.abs(atHigh - (upper ? distribution.survival(x) : distribution.cdf(x))) / mass;
    },
    quantile,
    inverseSurvival: (probability) => {
      requireProbability(probability);
      if (probability === 0 || probability === 1) return support[1 - probability] as number;
      return inside(
        upper
          ? distribution.inverseSurvival(Math.min(atHigh + probability * mass, 1))
          : distribution.quantile(Math.max(atHigh - probability * mass, 0)),
      );
    },
  };
}

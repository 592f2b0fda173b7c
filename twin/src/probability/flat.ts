import { TwinError } from "../errors.ts";
import { requireInterval } from "./arguments.ts";
import type { Distribution } from "./distribution.ts";

/**
 * The improper prior that prefers nothing: logDensity 0 on [low, high], whatever its width. A posterior under it may not
 * exist, an evidence under it means nothing; between finite bounds `uniform` says the same and is a distribution.
 */
export function flat(
  low: number = Number.NEGATIVE_INFINITY,
  high: number = Number.POSITIVE_INFINITY,
): Distribution {
  requireInterval(low, high, "a flat prior");
  return {
    support: [low, high],
    logDensity: (x) => (x < low || x > high ? Number.NEGATIVE_INFINITY : 0 * x),
    sample: () => {
      throw new TwinError(
        "IMPROPER",
        `a flat prior on [${low}, ${high}] has no total mass to draw from`,
        "expected a proper prior where draws are needed: uniform(low, high), or a wide normal",
      );
    },
  };
}

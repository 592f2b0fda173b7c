import { entry } from "../../linear-algebra/matrix.ts";

/** A reading that the prior's own predictions do not reach. */
export interface UnreachedReading {
  readonly index: number;
  readonly reading: number;
  /** Range of the members' outputs. */
  readonly low: number;
  readonly high: number;
}

/** A reading may lie outside all members by this share of their range: of Gaussian outputs, 100 members then span ±3.75 sd. */
const MARGIN = 0.25;
/** And by so many of its own standard deviations. */
const NOISES = 4;

/**
 * Readings beyond everything the prior predicts. An ensemble that starts so cannot be moved there by weights on what it
 * predicted: the posterior would be an extrapolation, too narrow and in the wrong place.
 * @see Alfonso & Oliver (2019), Computational Geosciences 23, on evaluating prior-data conflict.
 */
export function unreachedReadings(
  outputs: readonly Float64Array[],
  observations: Float64Array,
  noise: Float64Array,
): UnreachedReading[] {
  const unreached: UnreachedReading[] = [];
  observations.forEach((reading, index) => {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const output of outputs) {
      low = Math.min(low, entry(output, index));
      high = Math.max(high, entry(output, index));
    }
    const slack = MARGIN * (high - low) + NOISES * entry(noise, index);
    if (reading < low - slack || reading > high + slack) unreached.push({ index, reading, low, high });
  });
  return unreached;
}

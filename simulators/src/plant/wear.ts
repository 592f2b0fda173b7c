import type { WearRamp } from "../scenario/scenario.ts";

const SECONDS_PER_DAY = 86_400;

/**
 * Bearing drag of a roller, N·m·s/rad, at a time since row 0: each ramp runs smoothly, with neither end noticeable,
 *
 *     b = b_end (6x⁵ − 15x⁴ + 10x³),   x = (day − fromDay) / (toDay − fromDay) within [0, 1]
 */
export function bearingDrag(ramps: readonly WearRamp[], roller: number, seconds: number): number {
  const day = seconds / SECONDS_PER_DAY;
  return ramps
    .filter((ramp) => ramp.roller === roller)
    .reduce((sum, { fromDay, toDay, finalDrag }) => {
      const x = Math.min(Math.max((day - fromDay) / (toDay - fromDay), 0), 1);
      return sum + finalDrag * x * x * x * (x * (6 * x - 15) + 10);
    }, 0);
}

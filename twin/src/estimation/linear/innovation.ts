import type { Observation } from "./model.ts";

/** y − Z m − d. */
export function innovationOf(
  { matrix, offset }: Observation,
  mean: Float64Array,
  reading: Float64Array,
): Float64Array {
  return reading.map((value, output) => {
    let innovation = value - (offset?.[output] ?? 0);
    for (let state = 0; state < mean.length; state++)
      innovation -= matrix.get(output, state) * (mean[state] as number);
    return innovation;
  });
}

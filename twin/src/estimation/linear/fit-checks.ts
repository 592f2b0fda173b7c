import { TwinError } from "../../errors.ts";
import { kalmanFilter } from "./filter.ts";
import type { FitParameter } from "./fit-coordinates.ts";
import type { LinearModel } from "./model.ts";
import type { Readings, Series } from "./readings.ts";

/** @throws {TwinError} BAD_OPTION for no parameters, two of one name, or a variance to divide out that is none of them. */
export function checkParameters(parameters: readonly FitParameter[], concentrate: string | undefined): void {
  const ids = parameters.map(({ id }) => id);
  if (ids.length === 0)
    throw new TwinError(
      "BAD_OPTION",
      "there is no parameter to fit",
      "name at least one; for the likelihood of a model as it stands use logLikelihood",
    );
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined)
    throw new TwinError("BAD_OPTION", `there are two parameters "${twice}"`, "give each its own id");
  const variances = parameters.filter(({ scale }) => scale === "variance").map(({ id }) => `"${id}"`);
  if (concentrate !== undefined && !variances.includes(`"${concentrate}"`))
    throw new TwinError(
      "BAD_OPTION",
      `concentrate is "${concentrate}"`,
      `expected a parameter of scale "variance": ${variances.join(", ") || "there is none"}`,
    );
}

/** @throws {TwinError} NO_FIT for a series in which every number is missing. */
export function checkSomethingRead({ values }: Series): void {
  if (values.every(Number.isNaN))
    throw new TwinError("NO_FIT", "every reading is missing", "expected at least one number to fit by");
}

/**
 * A predicted standard deviation below the rounding of the reading itself: the likelihood grows for ever as the variances
 * shrink, and where the search stopped says nothing.
 * @throws {TwinError} NO_FIT
 */
export function checkBounded(model: LinearModel, readings: Readings): void {
  for (const { time, scalars } of kalmanFilter(model, readings).steps)
    for (const { value, variance, diffuse } of scalars)
      if (diffuse === undefined && Math.sqrt(variance) <= 4 * Number.EPSILON * (Math.abs(value) || LEAST))
        throw unboundedLikelihood(
          `the reading ${value} at time ${time} is predicted to ± ${Math.sqrt(variance)}`,
        );
}

/** ln of the density of a reading that is predicted to within the rounding of the largest. */
export function densityAtRounding({ values }: Series): number {
  const largest = values.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  return -Math.log(4 * Number.EPSILON * (largest || LEAST));
}

/** What counts as a rounding error of a reading of 0. */
const LEAST = 1e-100;

export const unboundedLikelihood = (found: string): TwinError =>
  new TwinError(
    "NO_FIT",
    `the likelihood has no maximum, it grows for ever as variances shrink: ${found}`,
    "a sensor that is stuck, or coarser than its noise: leave it out, or add its quantisationVariance(step) to R as a fixed floor",
  );

export const noFit = (failures: number): TwinError =>
  new TwinError(
    "NO_FIT",
    `the likelihood is finite at none of the starts; ${failures} evaluations failed`,
    "evaluate logLikelihood at a plausible point to see why, and narrow low and high around it",
  );

/** Mean square about the mean of all numbers that are there. */
export function spreadOf({ values }: Readings): number {
  const numbers = Array.from(values as ArrayLike<number | ArrayLike<number>>, (row) =>
    typeof row === "object" && row !== null ? Array.from(row) : [row],
  )
    .flat()
    .filter((value) => !Number.isNaN(value));
  const mean = numbers.reduce((total, value) => total + value, 0) / numbers.length;
  return numbers.reduce((total, value) => total + (value - mean) ** 2, 0) / numbers.length || 1;
}

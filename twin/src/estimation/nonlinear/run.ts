import { TwinError } from "../../errors.ts";
import { type Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import { requireOrder } from "./checked-system.ts";
import type { Assimilation, Filter } from "./filter.ts";

/** What a filter made of a series: one entry for each time. */
export interface Filtered {
  /** E[x_t | y up to t], n each. */
  readonly means: readonly Float64Array[];
  /** Cov[x_t | y up to t], n × n each. */
  readonly covariances: readonly Matrix[];
  /** ln p(y_t | all before), full constants; 0 where nothing was read. */
  readonly logLikelihoods: Float64Array;
  /** Normalised innovation squared, χ² with `sizes[t]` degrees of freedom when the model is right. */
  readonly nis: Float64Array;
  readonly sizes: Int32Array;
  /** ln p(y): the sum. */
  readonly logLikelihood: number;
}

/**
 * Takes a filter through a series: predict to each time, update with its reading.
 *
 * Times strictly increase; the first may be the filter's own. A reading has NaN where a value is missing. An error on the way
 * (a failed model, a bad reading) leaves the filter at the step before it.
 * @throws {TwinError} EMPTY_SERIES, BAD_SHAPE, OUT_OF_ORDER before the filter is moved; what `predict` and `update` throw.
 */
export function run(
  filter: Filter,
  times: ArrayLike<number>,
  readings: ArrayLike<ArrayLike<number>>,
): Filtered {
  return follow(filter, times, readings, (to, reading) => {
    filter.predict(to);
    return filter.update(reading);
  });
}

/** `run`, with each step taken in the caller's own way. */
export function follow(
  filter: Filter,
  times: ArrayLike<number>,
  readings: ArrayLike<ArrayLike<number>>,
  take: (to: number, reading: ArrayLike<number>, step: number) => Assimilation,
): Filtered {
  requireSeries(filter.at, times, readings);
  const means: Float64Array[] = [];
  const covariances: Matrix[] = [];
  const logLikelihoods = new Float64Array(times.length);
  const nis = new Float64Array(times.length);
  const sizes = new Int32Array(times.length);
  let logLikelihood = 0;
  for (let step = 0; step < times.length; step++) {
    const said = take(times[step] as number, readings[step] as ArrayLike<number>, step);
    means.push(filter.mean());
    covariances.push(filter.covariance());
    logLikelihoods[step] = said.logLikelihood;
    nis[step] = said.nis;
    sizes[step] = said.size;
    logLikelihood += said.logLikelihood;
  }
  return { means, covariances, logLikelihoods, nis, sizes, logLikelihood };
}

/** @throws {TwinError} EMPTY_SERIES, BAD_SHAPE, OUT_OF_ORDER (also for two readings at one time). */
function requireSeries(at: number, times: ArrayLike<number>, readings: ArrayLike<unknown>): void {
  if (times.length === 0)
    throw new TwinError("EMPTY_SERIES", "a series of no times", "expected at least one time and its reading");
  if (times.length !== readings.length)
    throw shapeError(`${times.length} times and ${readings.length} readings`, "one reading for each time");
  requireOrder(at, times[0] as number);
  for (let step = 1; step < times.length; step++) {
    const [before, now] = [times[step - 1] as number, times[step] as number];
    requireOrder(before, now);
    if (now === before)
      throw new TwinError(
        "OUT_OF_ORDER",
        `time ${now} stands twice, at ${step - 1} and ${step}`,
        "expected increasing times: merge readings of one time into one row, or call update twice yourself when both are to count",
      );
  }
}

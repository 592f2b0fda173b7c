import { TwinError } from "../../errors.ts";
import { Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import type { Start } from "../nonlinear/checked-system.ts";
import type { ParticleCloud } from "./cloud.ts";
import { ParticleFilter, type ParticleOptions } from "./particle-filter.ts";
import type { ParticleSystem, SampledStart } from "./particle-system.ts";

/** T readings of m components at ascending times; NaN = missing. */
export interface Series {
  readonly times: ArrayLike<number>;
  /** T × m. */
  readonly readings: Matrix;
}

export interface RunOptions extends ParticleOptions {
  /** Keep the weighted particles after each reading: T N (n + 2) doubles, what backward simulation starts from. Default false. */
  readonly keep?: boolean;
}

/** A whole series through a particle filter. An impossible reading is an outcome, not an error. */
export interface ParticleRun {
  readonly outcome: "complete" | "degenerate";
  /** Estimate of ln p(y_1 … y_T), full constants; −∞ when a reading was impossible for every particle. */
  readonly logLikelihood: number;
  /** Readings taken in: T, or fewer when degenerate. */
  readonly length: number;
  /** Filtered means, T × n; rows from `length` on are zero. */
  readonly means: Matrix;
  /** 1/Σ W² after each reading. */
  readonly effectiveSizes: Float64Array;
  /** Model calls that failed. */
  readonly lost: number;
  /** After each reading, when kept. */
  readonly clouds: readonly ParticleCloud[];
}

/**
 * Filters a series: the evidence estimate for comparing models and parameters, and the filtered moments.
 * @throws {TwinError} EMPTY_SERIES; OUT_OF_ORDER for times that do not ascend; and as the filter, except DEGENERATE.
 */
export function runParticles(
  system: ParticleSystem,
  start: Start | SampledStart,
  { times, readings }: Series,
  options: RunOptions,
): ParticleRun {
  checkSeries(times, readings, system.outputs);
  const filter = new ParticleFilter(system, start, options);
  const means = new Matrix(times.length, system.states);
  const effectiveSizes = new Float64Array(times.length);
  const clouds: ParticleCloud[] = [];
  let logLikelihood = 0;
  let length = 0;
  for (; length < times.length; length++) {
    const reading = readings.data.subarray(length * readings.columns, (length + 1) * readings.columns);
    try {
      filter.predict(times[length] as number);
      logLikelihood += filter.update(reading).logLikelihood;
    } catch (error) {
      if (!(error instanceof TwinError && error.code === "DEGENERATE")) throw error;
      logLikelihood = Number.NEGATIVE_INFINITY;
      break;
    }
    means.data.set(filter.mean(), length * system.states);
    effectiveSizes[length] = filter.effectiveSize;
    if (options.keep) clouds.push(filter.cloud());
  }
  const outcome = length === times.length ? "complete" : "degenerate";
  return { outcome, logLikelihood, length, means, effectiveSizes, lost: filter.lost.count, clouds };
}

function checkSeries(times: ArrayLike<number>, readings: Matrix, outputs: number): void {
  if (times.length === 0)
    throw new TwinError("EMPTY_SERIES", "the series has no reading", "expected at least one row");
  if (readings.rows !== times.length || readings.columns !== outputs)
    throw shapeError(
      `${readings.rows} × ${readings.columns} readings for ${times.length} times and ${outputs} outputs`,
      `${times.length} × ${outputs}`,
    );
  for (let row = 1; row < times.length; row++) {
    const [before, at] = [times[row - 1] as number, times[row] as number];
    if (!(at > before))
      throw new TwinError(
        "OUT_OF_ORDER",
        `row ${row} is at time ${at}, after one at ${before}`,
        "expected ascending times: sort the rows, and put readings of one time into one row",
      );
  }
}

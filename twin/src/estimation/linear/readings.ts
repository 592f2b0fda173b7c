import { TwinError } from "../../errors.ts";
import { requireFinite } from "../../linear-algebra/finite.ts";
import { shapeError } from "../../linear-algebra/matrix.ts";

/** Readings in order of time. */
export interface Readings {
  /** One row of m numbers per time; plain numbers where the model has one output. NaN is a missing number. */
  readonly values: ArrayLike<number> | readonly ArrayLike<number>[];
  /** Strictly increasing, in the model's unit of time; 1, 2, 3, … when absent. */
  readonly times?: ArrayLike<number>;
}

/** Readings after the checks: `rows[k]` of m numbers at `times[k]`. */
export interface Series {
  readonly times: Float64Array;
  readonly rows: readonly Float64Array[];
}

/**
 * Refuses what a filter would turn into a wrong number.
 *
 * @throws {TwinError} NO_READINGS for an empty series; BAD_SHAPE; BAD_READING for an infinite number; OUT_OF_ORDER for
 *   times that repeat or run backwards (an equal time is either one reading twice, or two that belong in one row).
 */
export function checkedSeries(readings: Readings, outputs: number, start: number | "first reading"): Series {
  const rows = Array.from({ length: readings.values.length }, (_, index) => rowOf(readings, index));
  if (rows.length === 0)
    throw new TwinError("NO_READINGS", "the series is empty", "expected at least one row, NaN where missing");
  rows.forEach((row, index) => {
    checkRow(row, index, outputs);
  });
  const times = Float64Array.from(readings.times ?? rows.map((_, index) => index + 1));
  if (times.length !== rows.length)
    throw shapeError(`${times.length} times for ${rows.length} rows of readings`, "one time per row");
  requireFinite(times, "the times");
  checkOrder(times, start);
  return { times, rows };
}

function rowOf({ values }: Readings, index: number): Float64Array {
  const row = values[index] as number | ArrayLike<number>;
  return typeof row === "number" ? Float64Array.of(row) : Float64Array.from(row);
}

/** @throws {TwinError} BAD_SHAPE, BAD_READING. */
export function checkRow(row: ArrayLike<number>, index: number, outputs: number): void {
  if (row.length !== outputs)
    throw shapeError(`reading ${index} has ${row.length} numbers`, `${outputs}, NaN where missing`);
  for (let output = 0; output < outputs; output++) {
    const value = row[output] as number;
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
      throw new TwinError(
        "BAD_READING",
        `output ${output} of reading ${index} is ${value}`,
        "expected a finite number, or NaN where the reading is missing",
      );
  }
}

function checkOrder(times: Float64Array, start: number | "first reading"): void {
  const first = times[0] as number;
  if (start !== "first reading" && first < start)
    throw outOfOrder(`the first reading, at ${first}, lies before the start, at ${start}`);
  for (let index = 1; index < times.length; index++) {
    const before = times[index - 1] as number;
    const time = times[index] as number;
    if (time > before) continue;
    throw outOfOrder(
      time === before
        ? `readings ${index - 1} and ${index} are both at ${time}`
        : `reading ${index}, at ${time}, comes after one at ${before}`,
    );
  }
}

export const outOfOrder = (found: string): TwinError =>
  new TwinError(
    "OUT_OF_ORDER",
    found,
    "expected strictly increasing times: sort by event time, put readings of one instant into one row, and keep one of each duplicate",
  );

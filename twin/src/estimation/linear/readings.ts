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

/** Readings after the checks: row k holds `outputs` numbers of `values`, row after row, read at `times[k]`. */
export class Series {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly outputs: number;

  constructor(times: Float64Array, values: Float64Array, outputs: number) {
    this.times = times;
    this.values = values;
    this.outputs = outputs;
  }

  get length(): number {
    return this.times.length;
  }

  /** A copy: for a few numbers it is cheaper than a view. */
  row(index: number): Float64Array {
    const row = new Float64Array(this.outputs);
    for (let output = 0; output < this.outputs; output++)
      row[output] = this.values[index * this.outputs + output] as number;
    return row;
  }
}

/**
 * Refuses what a filter would turn into a wrong number.
 *
 * @throws {TwinError} NO_READINGS for an empty series; BAD_SHAPE; BAD_READING for what is infinite or no number; OUT_OF_ORDER for
 *   times that repeat or run backwards (an equal time is either one reading twice, or two that belong in one row).
 */
export function checkedSeries(
  { values: given, times: stamps }: Readings,
  outputs: number,
  start: number | "first reading",
): Series {
  const count = given.length;
  if (count === 0)
    throw new TwinError("NO_READINGS", "the series is empty", "expected at least one row, NaN where missing");
  const values = new Float64Array(count * outputs);
  for (let index = 0; index < count; index++) {
    const row = given[index] as number | ArrayLike<number>;
    if (typeof row === "number" && outputs === 1) {
      checkNumber(row, 0, index);
      values[index] = row;
    } else {
      const numbers = typeof row === "number" ? [row] : row;
      checkRow(numbers, index, outputs);
      values.set(numbers, index * outputs);
    }
  }
  const times = stamps === undefined ? countedFrom(1, count) : timesOf(stamps);
  if (times.length !== count)
    throw shapeError(`${times.length} times for ${count} rows of readings`, "one time per row");
  requireFinite(times, "the times");
  checkOrder(times, start);
  return new Series(times, values, outputs);
}

/** @throws {TwinError} BAD_SHAPE, BAD_READING. */
export function checkRow(row: ArrayLike<number>, index: number, outputs: number): void {
  if (typeof row !== "object" || row === null) throw badReading(`reading ${index}`, row);
  if (row.length !== outputs)
    throw shapeError(`reading ${index} has ${row.length} numbers`, `${outputs}, NaN where missing`);
  for (let output = 0; output < outputs; output++) checkNumber(row[output] as number, output, index);
}

function checkNumber(value: number, output: number, index: number): void {
  if (typeof value !== "number" || value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    throw badReading(`output ${output} of reading ${index}`, value);
}

const badReading = (where: string, value: unknown): TwinError =>
  new TwinError(
    "BAD_READING",
    `${where} is ${typeof value === "string" ? JSON.stringify(value) : String(value)}`,
    "expected finite numbers, NaN where one is missing",
  );

/** Not by conversion: null would become the time 0. */
function timesOf(stamps: ArrayLike<number>): Float64Array {
  return Float64Array.from(stamps, (stamp) => (typeof stamp === "number" ? stamp : Number.NaN));
}

/** By hand: `Float64Array.from` is as slow as the filter of a short series. */
function countedFrom(first: number, count: number): Float64Array {
  const times = new Float64Array(count);
  for (let index = 0; index < count; index++) times[index] = first + index;
  return times;
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

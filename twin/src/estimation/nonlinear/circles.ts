import { TwinError } from "../../errors.ts";
import { shapeError } from "../../linear-algebra/matrix.ts";

/** Of each output that lives on a circle its circumference, such as 2π or 360; undefined for the others. */
export type Periods = readonly (number | undefined)[];

/** `value` moved by whole turns to within (−period/2, period/2] of `around`; bit for bit itself when it lies there. */
export function nearestImage(value: number, around: number, period: number): number {
  const turns = Math.ceil((value - around) / period - 0.5);
  return turns ? value - turns * period : value;
}

/** Moves what lives on circles, in place, to the images nearest to `around`. A NaN stays, and moves nothing. */
export function unwrap(values: Float64Array, around: ArrayLike<number>, periods: Periods): void {
  for (let output = 0; output < values.length; output++) {
    const period = periods[output];
    if (period === undefined) continue;
    values[output] = nearestImage(values[output] as number, around[output] as number, period);
  }
}

/**
 * Direction of the resultant of points on a circle: a middle that does not depend on where the circle is cut.
 * @see Mardia & Jupp (2000), Directional Statistics, §2.2.
 */
export function circularMean(values: Float64Array, period: number, weights?: Float64Array): number {
  const scale = (2 * Math.PI) / period;
  let sine = 0;
  let cosine = 0;
  for (let index = 0; index < values.length; index++) {
    const weight = weights ? (weights[index] as number) : 1;
    if (weight === 0) continue;
    sine += weight * Math.sin(scale * (values[index] as number));
    cosine += weight * Math.cos(scale * (values[index] as number));
  }
  return Math.atan2(sine, cosine) / scale;
}

/** @throws {TwinError} BAD_SHAPE, BAD_OPTION. */
export function requirePeriods(periods: Periods, outputs: number): void {
  if (periods.length !== outputs)
    throw shapeError(`${periods.length} periods for ${outputs} outputs`, "one for each, or undefined");
  for (const [output, period] of periods.entries()) {
    if (period === undefined || (period > 0 && period < Number.POSITIVE_INFINITY)) continue;
    throw new TwinError(
      "BAD_OPTION",
      `the period of output ${output} is ${period}`,
      "expected a positive number in the output's unit, such as 2π or 360, or undefined where it is no angle",
    );
  }
}

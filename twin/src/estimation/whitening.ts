import { TwinError } from "../errors.ts";
import { leastSquares } from "../linear-algebra/least-squares.ts";
import { dot, Matrix } from "../linear-algebra/matrix.ts";

/** What a quiet stretch of residuals looks like: an autoregression around a mean. */
export interface Colour {
  readonly mean: number;
  /** φ₁ … φ_p of z_t − m = Σ φ_i (z_{t−i} − m) + σ u_t; empty when the residuals are white. */
  readonly coefficients: readonly number[];
  /** σ: standard deviation of the innovations. */
  readonly sd: number;
}

/** An innovation's share of the largest residual that is rounding. */
const ROUNDING = 1e-12;
/** Samples that a colour is learnt from, at least, for each order tried. */
const PER_ORDER = 50;

/**
 * Fits the autoregression of the order 0 … `most` with the least BIC, each by conditional least squares on the same samples.
 *
 * A detector's run lengths are those of white residuals of known scale. A deterministic twin's residuals are neither.
 * @throws {TwinError} BAD_ARGUMENT, TOO_FEW_RESIDUALS, BAD_RESIDUALS, CONSTANT_RESIDUALS
 * @see Schwarz (1978), Ann. Statist. 6; Brockwell & Davis (1991), Time Series: Theory and Methods, §8.10.
 */
export function fitColour(quiet: ArrayLike<number>, most = 8): Colour {
  if (!(Number.isInteger(most) && most >= 0))
    throw new TwinError("BAD_ARGUMENT", `the highest order is ${most}`, "expected a whole number from 0 on");
  const count = quiet.length;
  if (count < PER_ORDER * (most + 1))
    throw new TwinError(
      "TOO_FEW_RESIDUALS",
      `${count} residuals for an order of up to ${most}`,
      `give at least ${PER_ORDER * (most + 1)} quiet ones, or a lower order`,
    );
  const values = Float64Array.from(quiet);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new TwinError("BAD_RESIDUALS", `residual ${bad} is ${values[bad]}`, "leave out what is missing");
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const centred = values.map((value) => value - mean);
  let best: { readonly criterion: number; readonly colour: Colour } | undefined;
  for (let order = 0; order <= most; order++) {
    const { coefficients, square } = autoregression(centred, order, most);
    const used = count - most;
    const criterion = used * Math.log(square / used) + order * Math.log(used);
    if (best && best.criterion <= criterion) continue;
    best = { criterion, colour: { mean, coefficients, sd: Math.sqrt(square / (used - order)) } };
  }
  const { colour } = best as NonNullable<typeof best>;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(colour.sd > ROUNDING * largest))
    throw new TwinError(
      "CONSTANT_RESIDUALS",
      `${count} residuals around ${mean} leave innovations of standard deviation ${colour.sd}`,
      "expected residuals that vary and do not follow from their past: look for a stuck sensor or a stretch at rest",
    );
  return colour;
}

function autoregression(
  values: Float64Array,
  order: number,
  skipped: number,
): { coefficients: number[]; square: number } {
  const rows = values.length - skipped;
  const lagged = new Matrix(rows, order);
  const target = new Matrix(rows, 1, values.slice(skipped));
  for (let row = 0; row < rows; row++)
    for (let lag = 1; lag <= order; lag++) lagged.set(row, lag - 1, values[skipped + row - lag] as number);
  const coefficients = order === 0 ? [] : Array.from(leastSquares(lagged, target).solution.data);
  let square = 0;
  for (let row = 0; row < rows; row++) {
    let error = target.get(row, 0);
    for (const [index, coefficient] of coefficients.entries()) error -= coefficient * lagged.get(row, index);
    square += error * error;
  }
  return { coefficients, square };
}

/**
 * Turns residuals into standardised innovations, one at a time; the first ones lack their past and are taken around the mean.
 *
 * A missing residual (any that is not finite) gives NaN and is predicted over. What is not known of the past is carried on
 * as its covariance P, so that the innovations after a gap are N(0, 1) as well:
 *
 *     P⁻ = F P Fᵀ + σ² e₁e₁ᵀ,   u = (z − ẑ)/√P⁻₁₁,   P = P⁻ − P⁻e₁e₁ᵀP⁻/P⁻₁₁ where z was read
 *
 * F the companion matrix of the autoregression.
 * @see Jones (1980), Technometrics 22(3): maximum likelihood of autoregressions with missing observations.
 */
export class Whitener {
  readonly #colour: Colour;
  /** The last residuals around the mean as far as known, the newest first. */
  #past: Float64Array;
  /** P; undefined when all of the past was read. */
  #doubt: Matrix | undefined;

  constructor(colour: Colour) {
    this.#colour = colour;
    this.#past = new Float64Array(colour.coefficients.length);
  }

  next(residual: number): number {
    const { mean, coefficients, sd } = this.#colour;
    const expected = coefficients.reduce(
      (sum, coefficient, lag) => sum + coefficient * (this.#past[lag] as number),
      0,
    );
    const read = Number.isFinite(residual);
    if (coefficients.length === 0) return read ? (residual - mean) / sd : Number.NaN;
    const doubt = this.#doubt || !read ? this.#predictedDoubt() : undefined;
    this.#past.copyWithin(1, 0);
    this.#past[0] = expected;
    this.#doubt = doubt;
    if (!read) return Number.NaN;
    const surprise = residual - mean - expected;
    if (!doubt) {
      this.#past[0] = residual - mean;
      return surprise / sd;
    }
    const variance = doubt.get(0, 0);
    this.#correct(doubt, surprise / variance, variance);
    return surprise / Math.sqrt(variance);
  }

  #predictedDoubt(): Matrix {
    const { coefficients, sd } = this.#colour;
    const order = coefficients.length;
    const before = this.#doubt ?? new Matrix(order, order);
    const ahead = Float64Array.from({ length: order }, (_, column) =>
      coefficients.reduce((sum, coefficient, lag) => sum + coefficient * before.get(lag, column), 0),
    );
    const doubt = new Matrix(order, order);
    doubt.set(0, 0, sd * sd + dot(coefficients, ahead));
    for (let row = 1; row < order; row++) {
      doubt.set(row, 0, ahead[row - 1] as number);
      doubt.set(0, row, ahead[row - 1] as number);
      for (let column = 1; column < order; column++) doubt.set(row, column, before.get(row - 1, column - 1));
    }
    return doubt;
  }

  /** What a residual says of the missing ones before it. */
  #correct(doubt: Matrix, share: number, variance: number): void {
    const order = doubt.rows;
    const column = Float64Array.from({ length: order }, (_, row) => doubt.get(row, 0));
    let left = 0;
    for (let row = 0; row < order; row++) {
      this.#past[row] = (this.#past[row] as number) + (column[row] as number) * share;
      for (let other = 0; other < order; other++) {
        const rest =
          row === 0 || other === 0
            ? 0
            : doubt.get(row, other) - ((column[row] as number) * (column[other] as number)) / variance;
        doubt.set(row, other, rest);
        left = Math.max(left, Math.abs(rest));
      }
    }
    if (left <= Number.EPSILON * variance) this.#doubt = undefined;
  }
}

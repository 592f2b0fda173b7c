import { TwinError } from "../errors.ts";
import { leastSquares } from "../linear-algebra/least-squares.ts";
import { Matrix } from "../linear-algebra/matrix.ts";

/** What a quiet stretch of residuals looks like: an autoregression around a mean. */
export interface Colour {
  readonly mean: number;
  /** φ₁ … φ_p of z_t − m = Σ φ_i (z_{t−i} − m) + σ u_t; empty when the residuals are white. */
  readonly coefficients: readonly number[];
  /** σ: standard deviation of the innovations. */
  readonly sd: number;
}

/** Samples that a colour is learnt from, at least, for each order tried. */
const PER_ORDER = 50;

/**
 * Fits the autoregression of the order 0 … `most` with the least BIC, each by conditional least squares on the same samples.
 *
 * A detector's run lengths are those of white residuals of known scale. A deterministic twin's residuals are neither.
 * @throws {TwinError} TOO_FEW_RESIDUALS, BAD_RESIDUALS
 * @see Schwarz (1978), Ann. Statist. 6; Brockwell & Davis (1991), Time Series: Theory and Methods, §8.10.
 */
export function fitColour(quiet: ArrayLike<number>, most = 8): Colour {
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
  return (best as NonNullable<typeof best>).colour;
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

/** Turns residuals into standardised innovations, one at a time; the first ones lack their past and are taken around the mean. */
export class Whitener {
  readonly #colour: Colour;
  readonly #past: number[] = [];

  constructor(colour: Colour) {
    this.#colour = colour;
  }

  next(residual: number): number {
    const { mean, coefficients, sd } = this.#colour;
    let expected = 0;
    for (const [lag, coefficient] of coefficients.entries()) expected += coefficient * (this.#past[lag] ?? 0);
    const centred = residual - mean;
    this.#past.unshift(centred);
    this.#past.length = Math.min(this.#past.length, coefficients.length);
    return (centred - expected) / sd;
  }
}

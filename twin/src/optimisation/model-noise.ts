import { norm } from "../linear-algebra/matrix.ts";
import type { VectorFunction } from "./differences.ts";

/** Points on the line. */
const POINTS = 9;
const ORDERS = POINTS - 1;
/** Spacings of the points, shares of the reach: the first is right for most; the others for wild functions and for steps. */
const SPACINGS = [3e-4, 1e-5, 1e-2] as const;
/** Estimates of three orders in a row that agree within this factor are noise. */
const AGREEMENT = 4;
/** Noise above so many roundings is believed only when a second spacing confirms it: a wild function looks like noise. */
const PLAIN_ROUNDING = 1000;

/**
 * The noise of a computed function: rounding, a solver's tolerance, digits cut off. Along a line through x a smooth
 * function's k-th differences fall like (spacing)^k, those of noise do not:
 *
 *     σ² = γ_k · mean (Δᵏf)²,   γ_k = (k!)²/(2k)!,   pooled over the n outputs
 *
 * The noise is the first order whose estimate agrees with those of the next two. Where most differences vanish the outputs
 * move in steps wider than the spacing, and a longer one is tried. Errors that vary smoothly over the longest spacing, 1 %
 * of the reach, cannot be told from the model: declare those.
 *
 * @param reach see `DifferenceSettings`.
 * @returns root of the summed variances of all outputs, never below their rounding; undefined when the model fails on the
 * line at every spacing. Runs: 9 to 27.
 * @see Moré & Wild (2011), SIAM J. Sci. Comput. 33(3), "Estimating computational noise".
 */
export function measureNoise(
  f: VectorFunction,
  x: Float64Array,
  reach: Float64Array,
  size: number,
): number | undefined {
  let rounding: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  let estimates = 0;
  for (const spacing of SPACINGS) {
    const values = valuesOnLine(f, x, reach, spacing, size);
    if (!values) continue;
    rounding = Math.max(rounding ?? 0, roundingOf(values));
    const estimate = noiseOf(values);
    if (estimate === undefined) continue;
    estimates++;
    least = Math.min(least, estimate.sd);
    if (estimates > 1 || (estimate.settled && least <= PLAIN_ROUNDING * rounding)) break;
  }
  return rounding === undefined || estimates === 0 ? rounding : Math.max(rounding, least);
}

/** Neighbouring arguments move by unequal shares, in turn up and down, so that no symmetry of the model hides its noise. */
function valuesOnLine(
  f: VectorFunction,
  x: Float64Array,
  reach: Float64Array,
  spacing: number,
  size: number,
): Float64Array[] | undefined {
  const values: Float64Array[] = [];
  for (let point = 0; point < POINTS; point++) {
    const moved = x.map(
      (value, index) =>
        value +
        (point - ORDERS / 2) * spacing * (reach[index] as number) * (index % 2 === 0 ? 1 : -Math.SQRT1_2),
    );
    const row = new Float64Array(size);
    if (!f(moved, row)) return undefined;
    values.push(row);
  }
  return values;
}

const roundingOf = (values: readonly Float64Array[]): number =>
  Number.EPSILON * Math.max(...values.map((row) => norm(row)));

/** The pooled estimate: settled, or at most the least of its orders; undefined when the outputs move in steps. */
function noiseOf(
  values: readonly Float64Array[],
): { readonly sd: number; readonly settled: boolean } | undefined {
  const table = values.map((row) => row.slice());
  const size = table[0]?.length ?? 0;
  const estimates: number[] = [];
  let factor = 1;
  for (let order = 1; order <= ORDERS; order++) {
    const count = POINTS - order;
    const { squares, moving } = differenceOnce(table, count);
    if (order === 1 && moving <= 0.5) return undefined;
    factor *= order / (2 * (2 * order - 1));
    estimates.push(Math.sqrt((factor * squares) / count));
  }
  if (size === 0) return undefined;
  for (let order = 0; order + 2 < ORDERS; order++) {
    const three = estimates.slice(order, order + 3);
    if (Math.max(...three) <= AGREEMENT * Math.min(...three))
      return { sd: estimates[order] as number, settled: true };
  }
  return { sd: Math.min(...estimates), settled: false };
}

/** Rows ← differences of neighbouring rows; `moving`: share of non-zero ones among the outputs that move at all. */
function differenceOnce(
  table: readonly Float64Array[],
  count: number,
): { readonly squares: number; readonly moving: number } {
  const size = table[0]?.length ?? 0;
  let squares = 0;
  let moves = 0;
  let outputs = 0;
  for (let output = 0; output < size; output++) {
    let changes = 0;
    for (let index = 0; index < count; index++) {
      const row = table[index] as Float64Array;
      const difference = ((table[index + 1] as Float64Array)[output] as number) - (row[output] as number);
      row[output] = difference;
      squares += difference * difference;
      if (difference !== 0) changes++;
    }
    moves += changes;
    if (changes > 0) outputs++;
  }
  return { squares, moving: outputs === 0 ? 0 : moves / (outputs * count) };
}

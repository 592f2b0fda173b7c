import { TwinError } from "../errors.ts";
import { cholesky } from "../linear-algebra/cholesky.ts";
import { dot, entry, Matrix, shapeError } from "../linear-algebra/matrix.ts";
import { solveLower } from "../linear-algebra/triangular.ts";
import { binomialBand } from "../probability/binomial.ts";
import { chiSquaredCdf, chiSquaredQuantile, chiSquaredSurvival } from "../probability/chi-squared.ts";

/*
 * Does a filter's covariance tell how wrong it is? Normalised squared errors eᵀ C⁻¹ e are χ² with the dimension of e when it
 * does: of innovations (NIS, from data alone), of states (NEES, against a truth).
 * Source: Bar-Shalom, Li & Kirubarajan (2001), Estimation with Applications to Tracking and Navigation, §5.4.
 */

/** eᵀ C⁻¹ e. @throws {TwinError} NOT_POSITIVE_DEFINITE; BAD_SHAPE. */
export function normalisedErrorSquared(error: ArrayLike<number>, covariance: Matrix): number {
  if (covariance.rows !== error.length || covariance.columns !== error.length)
    throw shapeError(
      `an error of ${error.length} and ${covariance.rows} × ${covariance.columns}`,
      "n and n × n",
    );
  const whitened = solveLower(
    cholesky(covariance),
    new Matrix(error.length, 1, Float64Array.from(error)),
  ).data;
  return dot(whitened, whitened);
}

/**
 * Two-sided bounds of the mean of `count` independent values of χ² with `freedom` degrees.
 *
 *     [χ²_{α/2}(N n), χ²_{1−α/2}(N n)]/N,   α = 1 − level
 */
export function averageBounds(
  freedom: number,
  count: number,
  level = 0.95,
): readonly [low: number, high: number] {
  if (!(freedom > 0 && count > 0 && level > 0 && level < 1))
    throw new TwinError(
      "BAD_BAND",
      `a ${level} band of ${count} values with ${freedom} degrees of freedom`,
      "expected positive counts and a level inside (0, 1)",
    );
  const tail = (1 - level) / 2;
  return [
    chiSquaredQuantile(tail, freedom * count) / count,
    chiSquaredQuantile(1 - tail, freedom * count) / count,
  ];
}

export interface ConsistencyReport {
  /** Values that were there, and their summed dimensions. */
  readonly count: number;
  readonly freedom: number;
  /** Mean of normalised squared error by dimension: 1 is right, above 1 the filter claims too much. */
  readonly ratio: number;
  readonly bounds: readonly [low: number, high: number];
  /** Two-sided, of the sum. */
  readonly p: number;
  readonly verdict: "consistent" | "over-confident" | "under-confident";
  readonly tail: TailShare;
}

export interface TailShare {
  /** The χ² gate's probability: each value is compared with the quantile of its own dimension. */
  readonly gate: number;
  readonly beyond: number;
  readonly share: number;
  readonly expected: number;
  /** Of `share`, 99 %. */
  readonly band: readonly [low: number, high: number];
  readonly inside: boolean;
}

/**
 * Time-averaged NIS or NEES. NIS averages to 1 by construction where q and r were fitted to the same data: then the tail and
 * `whiteness` must speak, or held-out data. Successive NEES of one run are correlated and the bounds too narrow: average over
 * independent runs.
 *
 * @param values normalised squared errors; NaN = missing. @param sizes dimension of each; 0 = nothing was seen.
 * @throws {TwinError} BAD_NIS for a negative or infinite value, NO_VALUES when all are missing.
 */
export function consistency(
  values: ArrayLike<number>,
  sizes: ArrayLike<number> | number,
  { level = 0.95, gate = 0.99 }: { readonly level?: number; readonly gate?: number } = {},
): ConsistencyReport {
  if (typeof sizes !== "number" && sizes.length !== values.length)
    throw shapeError(`${values.length} values and ${sizes.length} sizes`, "one size for each value");
  const gates = new Map<number, number>();
  let count = 0;
  let freedom = 0;
  let sum = 0;
  let beyond = 0;
  for (let index = 0; index < values.length; index++) {
    const value = entry(values, index);
    const size = typeof sizes === "number" ? sizes : entry(sizes, index);
    if (Number.isNaN(value) || size === 0) continue;
    requireValue(value, size, index);
    count++;
    freedom += size;
    sum += value;
    const limit = gates.get(size) ?? chiSquaredQuantile(gate, size);
    gates.set(size, limit);
    if (value > limit) beyond++;
  }
  if (count === 0)
    throw new TwinError("NO_VALUES", "no value is present", "pass at least one squared innovation");
  const [low, high] = averageBounds(freedom, 1, level);
  const bounds = [low / freedom, high / freedom] as const;
  const ratio = sum / freedom;
  return {
    count,
    freedom,
    ratio,
    bounds,
    p: 2 * Math.min(chiSquaredCdf(sum, freedom), chiSquaredSurvival(sum, freedom)),
    verdict: ratio > bounds[1] ? "over-confident" : ratio < bounds[0] ? "under-confident" : "consistent",
    tail: tailShare(beyond, count, gate),
  };
}

function tailShare(beyond: number, count: number, gate: number): TailShare {
  const [low, high] = binomialBand(count, 1 - gate);
  return {
    gate,
    beyond,
    share: beyond / count,
    expected: 1 - gate,
    band: [low / count, high / count],
    inside: beyond >= low && beyond <= high,
  };
}

function requireValue(value: number, size: number, index: number): void {
  if (value >= 0 && Number.isFinite(value) && Number.isInteger(size) && size > 0) return;
  throw new TwinError(
    "BAD_NIS",
    `value ${index} is ${value} of dimension ${size}`,
    "squares are finite and not negative, dimensions are counts; a missing value is NaN",
  );
}

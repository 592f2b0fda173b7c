import { TwinError } from "../../errors.ts";
import { latinHypercube } from "../../optimisation/latin-hypercube.ts";
import type { Dice } from "../../random/dice.ts";
import { type FitOptions, fitLeastSquares } from "./fit.ts";
import type { LeastSquaresFit } from "./fit-report.ts";
import { checkProblem, type LeastSquaresProblem, transformOf } from "./problem.ts";

export interface StartRange {
  /** θ, p; default the parameters' bounds, which must then be finite. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
}

/** One optimum, and how many starts fell into it. */
export interface Optimum {
  readonly fit: LeastSquaresFit;
  readonly hits: number;
}

export interface MultiStart {
  /** Distinct optima of converged descents, the best first. Never empty. */
  readonly optima: readonly Optimum[];
  readonly starts: number;
  /** Starts at which the model had no value, and why the first one had none. */
  readonly failed: number;
  readonly firstFailure?: string;
  /** Descents that ended without an optimum. */
  readonly unconverged: number;
}

/** Two fits are one optimum when their sums of squares agree to this … */
const SAME_COST = 1e-6;
/** … and their fitted values, to this share of their spread: parameters of a flat valley may differ. */
const SAME_CURVE = 1e-4;

/**
 * Fits from the points of a Latin hypercube, spread evenly in the coordinates of the transforms (evenly in the logarithm
 * for a logarithmic one). Finds the best of several optima with the chance that its basin is hit: compare `hits`.
 *
 * @throws {TwinError} BAD_RANGE; NO_FIT when no start gave an optimum.
 */
export function multiStart(
  problem: LeastSquaresProblem,
  starts: number,
  dice: Dice,
  range: StartRange = {},
  options: FitOptions = {},
): MultiStart {
  checkProblem(problem);
  const points = startPoints(problem, starts, dice, range);
  const optima: { fit: LeastSquaresFit; hits: number }[] = [];
  let failed = 0;
  let unconverged = 0;
  let firstFailure: string | undefined;
  for (const start of points) {
    const fit = tryFit(problem, start, options);
    if (typeof fit === "string") {
      failed++;
      firstFailure ??= fit;
    } else if (!fit.converged) unconverged++;
    else {
      const known = optima.find((optimum) => same(optimum.fit, fit));
      if (!known) optima.push({ fit, hits: 1 });
      else {
        known.hits++;
        if (fit.residualSumOfSquares < known.fit.residualSumOfSquares) known.fit = fit;
      }
    }
  }
  if (optima.length === 0)
    throw new TwinError(
      "NO_FIT",
      `none of ${starts} starts gave an optimum: ${failed} failed${firstFailure ? ` (${firstFailure})` : ""}, ${unconverged} did not converge`,
      "narrow the range of the starts to where the model runs, or allow more iterations",
    );
  optima.sort((left, right) => left.fit.residualSumOfSquares - right.fit.residualSumOfSquares);
  return { optima, starts, failed, unconverged, ...(firstFailure ? { firstFailure } : {}) };
}

function startPoints(
  { parameters }: LeastSquaresProblem,
  starts: number,
  dice: Dice,
  { low, high }: StartRange,
): Float64Array[] {
  const sides = parameters.map((parameter, index) => {
    const transform = transformOf(parameter);
    const from = low?.[index] ?? parameter.bounds?.[0];
    const to = high?.[index] ?? parameter.bounds?.[1];
    if (from === undefined || to === undefined || !(from < to) || !Number.isFinite(to - from))
      throw new TwinError(
        "BAD_RANGE",
        `the starts of ${parameter.id} range over [${from}, ${to}]`,
        "expected finite low < high, from the range or the parameter's bounds",
      );
    // A bound itself lies at infinity.
    const inset = 1e-3 * (to - from);
    return {
      transform,
      low: transform.fromNatural(Math.max(from, transform.low + inset)),
      high: transform.fromNatural(Math.min(to, transform.high - inset)),
    };
  });
  const cube = latinHypercube(starts, parameters.length, dice);
  return Array.from({ length: starts }, (_, point) =>
    Float64Array.from(sides, (side, index) =>
      side.transform.toNatural(side.low + cube.get(point, index) * (side.high - side.low)),
    ),
  );
}

/** The fit, or what went wrong with the model. */
function tryFit(
  problem: LeastSquaresProblem,
  start: Float64Array,
  options: FitOptions,
): LeastSquaresFit | string {
  try {
    return fitLeastSquares(problem, start, options);
  } catch (error) {
    if (error instanceof TwinError && error.code === "MODEL_FAILS") return error.message;
    throw error;
  }
}

function same(one: LeastSquaresFit, other: LeastSquaresFit): boolean {
  const gap = Math.abs(one.residualSumOfSquares - other.residualSumOfSquares);
  if (gap > SAME_COST * (one.residualSumOfSquares + Number.MIN_VALUE)) return false;
  let distance = 0;
  let spread = 0;
  for (let row = 0; row < one.fitted.length; row++) {
    distance += ((one.fitted[row] as number) - (other.fitted[row] as number)) ** 2;
    spread += (one.fitted[row] as number) ** 2;
  }
  return distance <= SAME_CURVE ** 2 * spread;
}

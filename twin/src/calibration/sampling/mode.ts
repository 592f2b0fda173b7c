import { TwinError } from "../../errors.ts";
import { cholesky } from "../../linear-algebra/cholesky.ts";
import { allFinite } from "../../linear-algebra/finite.ts";
import { entry, Matrix, multiply, timesVector } from "../../linear-algebra/matrix.ts";
import { solveLowerTransposed } from "../../linear-algebra/triangular.ts";
import { minimise } from "../../optimisation/minimise.ts";
import { hessian } from "../../optimisation/minimise-differences.ts";

/** A maximum of a log-density, with the Gaussian that has its curvature. */
export interface Mode {
  readonly at: Float64Array;
  readonly logDensity: number;
  /** Inverse of the negative Hessian. */
  readonly covariance: Matrix;
}

export type ModeSearch =
  | { readonly found: true; readonly mode: Mode }
  | {
      readonly found: false;
      readonly reason: string;
      /** The best point seen, and a scale for each coordinate there. */
      readonly at: Float64Array;
      readonly scales: Float64Array;
    };

type LogDensity = (z: Float64Array) => number;

const ROUNDS = 10;
/** After so many rounds there must be a Hessian to go by. */
const BLIND_ROUNDS = 4;
/** A round that gains less than this has arrived, in nats. */
const SETTLED = 1e-7;
/** Step of the Hessian's differences, in standard deviations: far above a model's noise, its error removed by extrapolation. */
const STEP = 0.1;
/** Relative error that the climb expects of the density: a careful integrator's. */
const NOISE = 1e-13;

/**
 * Climbs to a maximum by BFGS, in coordinates that are rescaled after each round: first so that a unit step in each changes
 * the log-density by about 1, later by the Hessian, so that scales of 1e-6 and 1e6 and narrow ridges cost no accuracy.
 *
 * Finds the maximum above its start, not the highest. `found: false` when the density rises towards a bound (a hierarchy
 * whose scale goes to zero), is flat in a direction, or its Hessian is not negative definite.
 * @throws {TwinError} NO_POSSIBLE_START when the density is zero at the start.
 */
export function findMode(logDensity: LogDensity, start: Float64Array): ModeSearch {
  let at = start;
  let value = logDensity(at);
  if (!Number.isFinite(value))
    throw new TwinError(
      "NO_POSSIBLE_START",
      `the log-density at the start is ${value}`,
      "expected a start where the model runs and the data are possible: give the unknowns a `start`",
    );
  const scales = scalesAt(logDensity, at, value);
  let axes: Matrix | undefined;
  for (let round = 0; round < ROUNDS && (axes !== undefined || round < BLIND_ROUNDS); round++) {
    const origin = at;
    const basis = axes ?? Matrix.diagonal(round === 0 ? scales : scalesAt(logDensity, at, value));
    const place = (step: Float64Array): Float64Array => displaced(origin, basis, step);
    const descent = minimise((step) => -logDensity(place(step)), new Float64Array(at.length), {
      noise: NOISE,
    });
    const gain = -descent.value - value;
    if (gain > 0) {
      at = place(descent.x);
      value = -descent.value;
    }
    const refined = axesAt(logDensity, at, axes ?? Matrix.diagonal(scalesAt(logDensity, at, value)));
    if (refined !== undefined && axes !== undefined && gain < SETTLED)
      return {
        found: true,
        mode: { at, logDensity: value, covariance: multiply(refined, refined.transpose()) },
      };
    axes = refined;
  }
  return {
    found: false,
    reason: "no inner maximum with a negative definite Hessian was found",
    at: start,
    scales,
  };
}

/** A with A Aᵀ the inverse of the negative Hessian; undefined where that is not positive definite. */
function axesAt(logDensity: LogDensity, at: Float64Array, basis: Matrix): Matrix | undefined {
  const steps = new Float64Array(at.length).fill(STEP);
  const curvature = hessian((step) => -logDensity(displaced(at, basis, step)), new Float64Array(at.length), {
    steps,
  });
  if (!allFinite(curvature)) return undefined;
  try {
    const factor = cholesky(curvature);
    return multiply(basis, solveLowerTransposed(factor, Matrix.identity(at.length)));
  } catch (error) {
    if (error instanceof TwinError && error.code === "NOT_POSITIVE_DEFINITE") return undefined;
    throw error;
  }
}

const displaced = (origin: Float64Array, basis: Matrix, step: Float64Array): Float64Array => {
  const moved = timesVector(basis, step);
  return moved.map((value, index) => value + entry(origin, index));
};

const DECADES = 12;

/** For each coordinate the step that changes the log-density by about 1; 1 where none within 1e±12 does. */
function scalesAt(logDensity: LogDensity, at: Float64Array, value: number): Float64Array {
  const probe = at.slice();
  const changeOf = (index: number, step: number): number => {
    const here = entry(at, index);
    let largest = 0;
    for (const side of [here + step, here - step]) {
      probe[index] = side;
      const change = Math.abs(logDensity(probe) - value);
      largest = Math.max(largest, Number.isFinite(change) ? change : Number.POSITIVE_INFINITY);
    }
    probe[index] = here;
    return largest;
  };
  return at.map((_, index) => {
    let step = 1;
    const shrink = changeOf(index, step) > 1;
    for (let decade = 0; decade < DECADES; decade++) {
      const next = shrink ? step / 10 : step * 10;
      const change = changeOf(index, next);
      if (shrink && change <= 1) return change > 0 ? between(next, change) : next;
      if (!shrink && change > 1) return Number.isFinite(change) ? between(next, change) : step;
      step = next;
    }
    return 1;
  });
}

/** Between the linear and the quadratic law of the change. */
const between = (step: number, change: number): number => step * change ** -0.7;

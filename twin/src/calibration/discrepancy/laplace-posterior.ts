import { TwinError } from "../../errors.ts";
import { cholesky, logDeterminant, solveCholesky } from "../../linear-algebra/cholesky.ts";
import { entry, Matrix } from "../../linear-algebra/matrix.ts";
import { minimise } from "../../optimisation/minimise.ts";
import { standardNormalQuantile } from "../../probability/normal.ts";
import type { Coordinates } from "../problem/coordinates.ts";
import type { Evaluator } from "../problem/evaluator.ts";
import type { Unknown } from "../problem/problem.ts";
import { type DiscrepantProblem, freeIndices } from "./discrepant-problem.ts";
import { PosteriorSurface } from "./posterior-surface.ts";

/** A posterior as a normal around its mode, in unbounded coordinates z (logarithms of positive unknowns, …). */
export interface LaplacePosterior {
  readonly unknowns: readonly Unknown[];
  /** θ, then the free hyperparameters, at the mode of z. */
  readonly mode: Float64Array;
  /** On the natural scale, to first order. */
  readonly sd: Float64Array;
  readonly coordinates: Coordinates;
  readonly z: Float64Array;
  /** Of z. */
  readonly covariance: Matrix;
  /** ln p(y) ≈ ln p(z, y) + (d/2) ln 2π + ½ ln det covariance: all constants kept. */
  readonly logEvidence: number;
  /** Whether the climb to the mode ended there. */
  readonly converged: boolean;
}

/** Central interval of one unknown, mapped from z: inside its bounds. */
export function interval(
  posterior: LaplacePosterior,
  index: number,
  level: number,
): [low: number, high: number] {
  const half = standardNormalQuantile((1 + level) / 2) * Math.sqrt(posterior.covariance.get(index, index));
  const ends = [-half, half].map((offset) => {
    const z = posterior.z.slice();
    z[index] = entry(z, index) + offset;
    return entry(posterior.coordinates.toNatural(z, new Float64Array(z.length)), index);
  });
  return [Math.min(...ends), Math.max(...ends)];
}

/** Relative error of the log posterior, for the search. */
const ROUNDING = 1e-13;
/** Climbs between which the coordinates are rescaled to the curvature just found. */
const CLIMBS = 3;
/** Distance over which gradients are differenced for the Hessian, in posterior sds. */
const HESSIAN_STEP = 0.02;

/**
 * The Laplace approximation of `discrepantDensity`, with ∂h/∂θ by central differences of the model and exact derivatives
 * in the hyperparameters. Costs 2p model runs a gradient, about a hundred gradients in all.
 *
 * Fails where the posterior is not close to one normal in z: several modes, or hyperparameters that the data do not bound
 * away from 0 or ∞ and whose priors do not either. Then use a sampler on `discrepantDensity`.
 * @param start θ, p, inside the priors; hyperparameters begin at the kernel's values.
 * @throws {TwinError} NO_MODE when the curvature at the end of the climb is not that of a maximum; MODEL_FAILS.
 * @see MacKay (2003), Information Theory, Inference, and Learning Algorithms, ch. 27.
 */
export function laplacePosterior(
  problem: DiscrepantProblem,
  start: ArrayLike<number>,
  evaluator: Evaluator,
): LaplacePosterior {
  const surface = new PosteriorSurface(problem, evaluator);
  const { coordinates } = surface.target;
  const phi = freeIndices(problem).map(
    (index) => problem.discrepancy.hyperparameters[index]?.value as number,
  );
  let z = coordinates.fromNatural([...Array.from(start), ...phi]);
  let scale = surface.curvatureScale(z);
  let converged = false;
  for (let climb = 0; climb < CLIMBS; climb++) {
    const origin = z;
    const unit = scale;
    const at = (u: Float64Array): Float64Array =>
      u.map((value, index) => entry(origin, index) + value * entry(unit, index));
    const gradient = (u: Float64Array, out: Float64Array): void => {
      surface.gradient(at(u), out);
      for (let index = 0; index < u.length; index++) out[index] = -entry(out, index) * entry(unit, index);
    };
    const summit = minimise((u) => -surface.value(at(u)), new Float64Array(z.length), {
      gradient,
      noise: ROUNDING,
    });
    z = at(summit.x);
    converged = summit.converged;
    scale = surface.curvatureScale(z);
  }
  return summarised(surface, z, scale, converged);
}

function summarised(
  surface: PosteriorSurface,
  z: Float64Array,
  scale: Float64Array,
  converged: boolean,
): LaplacePosterior {
  const { coordinates, problem } = surface.target;
  const factor = curvatureFactor(surface, z, scale);
  const covariance = solveCholesky(factor, Matrix.identity(z.length));
  for (let row = 0; row < z.length; row++)
    for (let column = 0; column < z.length; column++)
      covariance.set(row, column, covariance.get(row, column) * entry(scale, row) * entry(scale, column));
  const logScale = scale.reduce((sum, value) => sum + Math.log(value), 0);
  return {
    unknowns: problem.unknowns,
    mode: surface.target.natural(z),
    sd: surface.slopes(z).map((slope, index) => slope * Math.sqrt(covariance.get(index, index))),
    coordinates,
    z,
    covariance,
    logEvidence:
      surface.value(z) + (z.length / 2) * Math.log(2 * Math.PI) + logScale - logDeterminant(factor) / 2,
    converged,
  };
}

/** Cholesky factor of minus the Hessian in scaled coordinates, by central differences of the gradient. */
function curvatureFactor(surface: PosteriorSurface, z: Float64Array, scale: Float64Array): Matrix {
  const size = z.length;
  const hessian = new Matrix(size, size);
  const ahead = new Float64Array(size);
  const behind = new Float64Array(size);
  for (let column = 0; column < size; column++) {
    const step = HESSIAN_STEP * entry(scale, column);
    const moved = z.slice();
    moved[column] = entry(z, column) + step;
    surface.gradient(moved, ahead);
    moved[column] = entry(z, column) - step;
    surface.gradient(moved, behind);
    for (let row = 0; row < size; row++) {
      const second = ((entry(behind, row) - entry(ahead, row)) * entry(scale, row)) / (2 * HESSIAN_STEP);
      hessian.add(row, column, second / 2);
      hessian.add(column, row, second / 2);
    }
  }
  try {
    return cholesky(hessian);
  } catch (cause) {
    throw new TwinError(
      "NO_MODE",
      `the posterior is not curved like a maximum at [${surface.target.natural(z).join(", ")}]`,
      "start elsewhere, give the hyperparameters priors that bound them, or sample discrepantDensity",
      { cause },
    );
  }
}

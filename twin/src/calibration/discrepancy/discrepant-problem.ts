import { TwinError } from "../../errors.ts";
import { cholesky, logDeterminant } from "../../linear-algebra/cholesky.ts";
import { requireFinite } from "../../linear-algebra/finite.ts";
import { dot, entry, Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import { solveLower } from "../../linear-algebra/triangular.ts";
import type { Distribution } from "../../probability/distribution.ts";
import { requireReadings } from "../problem/priors.ts";
import type { DensityProblem, SimulationProblem, Unknown } from "../problem/problem.ts";
import { column, noisyCovariance } from "./gaussian-process.ts";
import type { Kernel } from "./kernel.ts";

/**
 * A model that is known to be imperfect, against n readings:
 *
 *     y_i = h_i(θ) + δ(x_i) + e_i,     δ ~ GP(0, k),     e_i ~ N(0, sd_i²)
 *
 * δ is what the model lacks, as a function of the conditions x of a reading (time, load, speed …).
 * @see Kennedy & O'Hagan (2001), J. R. Stat. Soc. B 63, 425–464.
 */
export interface DiscrepantProblem extends SimulationProblem {
  /** x of each reading, n × d. */
  readonly points: Matrix;
  readonly discrepancy: Kernel;
  /** Priors of the kernel's hyperparameters by their ids, on their natural scale; the others keep the kernel's value. */
  readonly hyperpriors?: Readonly<Record<string, Distribution>>;
}

/** A discrepancy of zero: the same calibration as if the model were perfect. */
export const noDiscrepancy: Kernel = {
  hyperparameters: [],
  withValues: () => noDiscrepancy,
  covariance: (left, right) => new Matrix(left.rows, right.rows),
  variances: (points) => new Float64Array(points.rows),
  slopes: () => [],
};

export const withoutDiscrepancy = (problem: DiscrepantProblem): DiscrepantProblem => ({
  ...problem,
  discrepancy: noDiscrepancy,
  hyperpriors: {},
});

/**
 * The posterior of θ, and of the hyperparameters that have a prior, with δ integrated out: for any sampler.
 *
 *     y | θ, φ ~ N(h(θ), k_φ(X, X) + diag sd²)
 *
 * The unknowns are θ and then φ, named "discrepancy …". One Cholesky factor of n × n a point unless all φ are fixed.
 */
export function discrepantDensity(problem: DiscrepantProblem): DensityProblem {
  checkProblem(problem);
  const { observations } = problem;
  const simulated = new Float64Array(observations.length);
  const covarianceAt = covariances(problem);
  const parameters = problem.unknowns.length;
  return {
    unknowns: unknownsOf(problem),
    logLikelihood(point) {
      simulated.fill(Number.NaN);
      problem.simulate(point.slice(0, parameters), simulated);
      const factor = covarianceAt(point.slice(parameters));
      const residual = observations.map((reading, index) => reading - entry(simulated, index));
      const white = solveLower(factor, column(residual)).data;
      const value = dot(white, white) + logDeterminant(factor) + white.length * Math.log(2 * Math.PI);
      // An infinite output is a failed run, not an impossible point.
      return Number.isFinite(value) ? -value / 2 : Number.NaN;
    },
  };
}

/** θ, then the hyperparameters that have a prior. */
export function unknownsOf({ unknowns, discrepancy, hyperpriors = {} }: DiscrepantProblem): Unknown[] {
  const free = discrepancy.hyperparameters.filter(({ id }) => hyperpriors[id] !== undefined);
  return [
    ...unknowns,
    ...free.map(({ id }) => ({ id: `discrepancy ${id}`, prior: hyperpriors[id] as Distribution })),
  ];
}

/** The kernel with the free hyperparameters, in their order, at `phi`. */
export function kernelAt(
  { discrepancy, hyperpriors = {} }: DiscrepantProblem,
  phi: ArrayLike<number>,
): Kernel {
  if (phi.length === 0) return discrepancy;
  let next = 0;
  return discrepancy.withValues(
    discrepancy.hyperparameters.map(({ id, value }) =>
      hyperpriors[id] === undefined ? value : entry(phi, next++),
    ),
  );
}

/** Positions of the free hyperparameters among all of the kernel. */
export const freeIndices = ({ discrepancy, hyperpriors = {} }: DiscrepantProblem): number[] =>
  discrepancy.hyperparameters.flatMap(({ id }, index) => (hyperpriors[id] === undefined ? [] : [index]));

function covariances(problem: DiscrepantProblem): (phi: Float64Array) => Matrix {
  const at = (phi: Float64Array): Matrix => cholesky(noisyCovariance(kernelAt(problem, phi), problem));
  if (freeIndices(problem).length > 0) return at;
  const fixed = at(new Float64Array(0));
  return () => fixed;
}

export function checkProblem(problem: DiscrepantProblem): void {
  requireReadings(problem);
  requireFinite(problem.points, "the points of a discrepancy");
  if (problem.points.rows !== problem.observations.length)
    throw shapeError(
      `${problem.points.rows} points for ${problem.observations.length} readings`,
      "one for each",
    );
  const ids = problem.discrepancy.hyperparameters.map(({ id }) => id);
  const stranger = Object.keys(problem.hyperpriors ?? {}).find((id) => !ids.includes(id));
  if (stranger !== undefined)
    throw new TwinError("BAD_OPTION", `a hyperprior for ${stranger}`, `expected some of: ${ids.join(", ")}`);
}

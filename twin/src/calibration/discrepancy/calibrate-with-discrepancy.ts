import { autocorrelations, ljungBox, type Portmanteau } from "../../diagnostics/whiteness.ts";
import { cholesky } from "../../linear-algebra/cholesky.ts";
import { entry, Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import { Evaluator, type FailurePolicy, type RunCounts } from "../problem/evaluator.ts";
import { type DiscrepantProblem, withoutDiscrepancy } from "./discrepant-problem.ts";
import { type LaplacePosterior, laplacePosterior } from "./laplace-posterior.ts";

/** What a discrepancy term does to one parameter. */
export interface ParameterShift {
  readonly id: string;
  readonly without: { readonly mode: number; readonly sd: number };
  readonly with: { readonly mode: number; readonly sd: number };
  /** (with − without) in units of the sd with the term. */
  readonly shift: number;
  /** Var(θ | y) without over with the term: the share of the apparent knowledge that is left. */
  readonly precisionKept: number;
  /**
   * The term can imitate most of what this parameter does: the data alone do not tell them apart, and the posterior of θ
   * rests on the priors of both. A term makes a biased θ less sure of itself; it does not by itself make it right.
   */
  readonly confounded: boolean;
}

/** Is the residual of the model by itself, without any term, what noise would leave? */
export interface ResidualReport {
  /** (y − h(θ̂))/sd at the mode without the term, in the order of the first input. */
  readonly standardised: Float64Array;
  readonly lagOne: number;
  /** Ljung–Box over n/5 lags, at most 10. */
  readonly portmanteau: Portmanteau;
  /** p ≥ 0.01. */
  readonly white: boolean;
}

export interface DiscrepancyReport {
  readonly with: LaplacePosterior;
  readonly without: LaplacePosterior;
  /** ln p(y) with − without the term: far above 0, the data ask for it; below 0, they can do without. */
  readonly logEvidenceGain: number;
  readonly parameters: readonly ParameterShift[];
  readonly residual: ResidualReport;
  readonly evaluations: RunCounts;
}

/** A parameter whose sd the term more than triples is confounded with it. */
const KEPT_AT_LEAST = 0.1;
const WHITE_AT_LEAST = 0.01;

/**
 * Calibrates an imperfect model twice, with its discrepancy term and as if it were perfect, by the Laplace approximation,
 * and compares the two. For predictions see `predictiveParts`; for posteriors that are not close to normal, sample
 * `discrepantDensity` instead.
 *
 * @param start θ, inside the priors.
 * @throws {TwinError} as `laplacePosterior` does; BAD_READINGS, BAD_SHAPE, BAD_OPTION; BAD_LAGS below five readings.
 * @see Kennedy & O'Hagan (2001), J. R. Stat. Soc. B 63, 425–464; Brynjarsdóttir & O'Hagan (2014), Inverse Problems 30,
 * 114007: why θ may stay biased with the term.
 */
export function calibrateWithDiscrepancy(
  problem: DiscrepantProblem,
  start: ArrayLike<number>,
  failures: FailurePolicy = {},
): DiscrepancyReport {
  const evaluator = new Evaluator(failures);
  const perfect = withoutDiscrepancy(problem);
  const without = laplacePosterior(perfect, start, evaluator);
  const both = laplacePosterior(problem, without.mode, evaluator);
  return {
    with: both,
    without,
    logEvidenceGain: both.logEvidence - without.logEvidence,
    parameters: problem.unknowns.map(({ id }, index) => shiftOf(id, index, without, both)),
    residual: residualReport(problem, without.mode),
    evaluations: evaluator.counts(),
  };
}

/** S draws of (θ, φ) on the natural scale from the normal in z, S × (p + q). */
export function posteriorDraws(posterior: LaplacePosterior, count: number, dice: Dice): Matrix {
  const size = posterior.z.length;
  const factor = cholesky(posterior.covariance);
  const draws = new Matrix(count, size);
  const z = new Float64Array(size);
  const theta = new Float64Array(size);
  for (let row = 0; row < count; row++) {
    const white = Float64Array.from({ length: size }, () => dice.normal());
    for (let index = 0; index < size; index++) {
      let value = entry(posterior.z, index);
      for (let inner = 0; inner <= index; inner++) value += factor.get(index, inner) * entry(white, inner);
      z[index] = value;
    }
    posterior.coordinates.toNatural(z, theta);
    for (let index = 0; index < size; index++) draws.set(row, index, entry(theta, index));
  }
  return draws;
}

function shiftOf(
  id: string,
  index: number,
  without: LaplacePosterior,
  both: LaplacePosterior,
): ParameterShift {
  const at = ({ mode, sd }: LaplacePosterior): { mode: number; sd: number } => ({
    mode: entry(mode, index),
    sd: entry(sd, index),
  });
  const [perfect, imperfect] = [at(without), at(both)];
  const precisionKept = (perfect.sd / imperfect.sd) ** 2;
  return {
    id,
    without: perfect,
    with: imperfect,
    shift: (imperfect.mode - perfect.mode) / imperfect.sd,
    precisionKept,
    confounded: precisionKept < KEPT_AT_LEAST,
  };
}

function residualReport(problem: DiscrepantProblem, theta: Float64Array): ResidualReport {
  const simulated = new Float64Array(problem.observations.length);
  problem.simulate(theta, simulated);
  const order = Array.from(simulated.keys()).sort(
    (one, other) => problem.points.get(one, 0) - problem.points.get(other, 0),
  );
  const standardised = Float64Array.from(
    order,
    (row) => (entry(problem.observations, row) - entry(simulated, row)) / entry(problem.noise, row),
  );
  const portmanteau = ljungBox(standardised, Math.min(10, Math.floor(order.length / 5)));
  return {
    standardised,
    lagOne: entry(autocorrelations(standardised, 1), 0),
    portmanteau,
    white: portmanteau.p >= WHITE_AT_LEAST,
  };
}

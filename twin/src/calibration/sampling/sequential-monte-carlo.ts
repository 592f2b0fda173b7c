import { rhat } from "../../diagnostics/rhat.ts";
import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { logMeanExp } from "../../probability/log-sum-exp.ts";
import type { Dice } from "../../random/dice.ts";
import { Evaluator, type FailurePolicy, type RunCounts } from "../problem/evaluator.ts";
import type { DensityProblem } from "../problem/problem.ts";
import type { CalibrationFinding, CalibrationResult, LogEvidence } from "../problem/result.ts";
import { type InBatches, runBatches, Target } from "../problem/target.ts";
import { type ChosenReference, chooseReference } from "./reference.ts";
import { columnOf, runFindings, summariesOf } from "./summaries.ts";
import { type Tempered, type TemperingOptions, temper } from "./tempering.ts";

export interface SmcOptions extends Partial<TemperingOptions> {
  readonly dice: Dice;
  /** Independent populations, at least 2: their disagreement is the Monte-Carlo error. Default 12. */
  readonly populations?: number;
  readonly failures?: FailurePolicy;
}

const POPULATIONS = 12;
const POINTS = 384;
/** R-hat between the populations from which on they are not one posterior. */
const AGREED = 1.05;

/**
 * Posterior and evidence by tempered populations (`temper`). The evidence is the mean of the populations' estimates,
 *
 *     ln Ẑ = ln mean(Z_p),   standard error = sd(Z_p)/(√P mean(Z_p)), at least √(mean Σ (1/ESS − 1/N)/P)
 *
 * and the effective size of a mean is P times the posterior variance over the variance of the populations' means.
 * An evidence needs proper priors; from flat ones the path starts around the posterior's mode and there is none.
 * @see Del Moral, Doucet & Jasra (2006), JRSS B 68(3).
 * @throws {TwinError} NO_POSSIBLE_POINT, MODEL_FAILS, and for input that is no problem.
 */
export function sequentialMonteCarlo(problem: DensityProblem, options: SmcOptions): CalibrationResult {
  const target = new Target(problem);
  const evaluator = new Evaluator(options.failures);
  const reference = chooseReference(target, options.dice.split("reference"), evaluator);
  const populations = runBatches(temperMany(target, reference, options), problem, evaluator);
  return smcResult(target, reference, populations, evaluator.counts());
}

/** The same in batches, for a pool of workers: population after population, each from a stream of its own. */
export function* temperMany(
  target: Target,
  reference: ChosenReference,
  { dice, populations = POPULATIONS, points = POINTS, ...options }: SmcOptions,
): InBatches<Tempered[]> {
  if (!(Number.isInteger(populations) && populations >= 2 && Number.isInteger(points) && points >= 16))
    throw new TwinError(
      "BAD_POPULATIONS",
      `${populations} populations of ${points} points`,
      "expected at least 2 populations of at least 16 points; 12 of 384 are usual",
    );
  const all: Tempered[] = [];
  for (let index = 0; index < populations; index++)
    all.push(yield* temper(target, reference, { points, ...options }, dice.split(index)));
  return all;
}

export function smcResult(
  target: Target,
  reference: ChosenReference,
  populations: readonly Tempered[],
  runs: RunCounts,
): CalibrationResult {
  const draws = populations.map(({ population }) => naturalDraws(target, population.points));
  const drawn = target.problem.unknowns.map((_, column) => agreement(draws, column));
  const worst = Math.max(...drawn.map(({ rhat: value }) => value));
  const converged = worst < AGREED;
  const reason = `the populations disagree: R-hat ${worst.toFixed(3)}, expected below ${AGREED}; more points are needed`;
  const notConverged: CalibrationFinding[] = converged ? [] : [{ kind: "not converged", text: reason }];
  return {
    method: "smc",
    summaries: summariesOf(target.problem.unknowns, draws, drawn),
    draws,
    ...(reference.givesEvidence ? { logEvidence: evidenceOf(populations) } : {}),
    converged,
    ...(converged ? {} : { reason }),
    runs,
    findings: [...notConverged, ...runFindings(runs, target)],
  };
}

export function evidenceOf(populations: readonly Tempered[]): LogEvidence {
  const value = logMeanExp(populations.map(({ logEvidence }) => logEvidence));
  const count = populations.length;
  const squares = populations.reduce((sum, { logEvidence }) => sum + Math.expm1(logEvidence - value) ** 2, 0);
  const between = squares / (count - 1);
  const within = populations.reduce((sum, { weightVariance }) => sum + weightVariance, 0) / count;
  return { value, standardError: Math.sqrt(Math.max(between, within) / count) };
}

export function naturalDraws(target: Target, points: readonly Float64Array[]): Matrix {
  const draws = new Matrix(points.length, target.size);
  points.forEach((point, row) => {
    target.natural(point).forEach((value, column) => {
      draws.set(row, column, value);
    });
  });
  return draws;
}

/** Between the populations: R-hat, and the error of the mean with the number of independent draws that would have it. */
function agreement(
  draws: readonly Matrix[],
  column: number,
): { rhat: number; mcse: number; essBulk: number } {
  const populations = draws.map((part) => columnOf([part], column));
  const means = populations.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  const between = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (means.length - 1);
  const all = populations.flatMap((values) => Array.from(values, (value) => (value - mean) ** 2));
  const variance = all.reduce((sum, value) => sum + value, 0) / all.length;
  return {
    rhat: rhat(populations),
    mcse: Math.sqrt(between / means.length),
    essBulk: Math.min(all.length, (means.length * variance) / between),
  };
}

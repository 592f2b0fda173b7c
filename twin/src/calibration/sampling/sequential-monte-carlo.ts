import { TwinError } from "../../errors.ts";
import { logMeanExp } from "../../probability/log-sum-exp.ts";
import type { Dice } from "../../random/dice.ts";
import { Evaluator, type FailurePolicy, type RunCounts } from "../problem/evaluator.ts";
import { isCount, requireOption } from "../problem/options.ts";
import type { DensityProblem } from "../problem/problem.ts";
import type { CalibrationFinding, CalibrationResult, LogEvidence } from "../problem/result.ts";
import { type InBatches, runBatches, Target } from "../problem/target.ts";
import { agreementOf, type Bar, disagreement } from "./agreement.ts";
import { improper } from "./nothing-known.ts";
import { naturalDraws } from "./population.ts";
import { type ChosenReference, chooseReference } from "./reference.ts";
import { settle } from "./settling.ts";
import { runFindings, summariesOf } from "./summaries.ts";
import { type Tempered, type TemperingOptions, temper } from "./tempering.ts";
import { beyondReach } from "./widening.ts";

export interface SmcOptions extends Partial<TemperingOptions>, Bar {
  readonly dice: Dice;
  /** Independent populations, at least 2: their disagreement is the Monte-Carlo error. Default 12. */
  readonly populations?: number;
  readonly failures?: FailurePolicy;
}

const POPULATIONS = 12;
const POINTS = 384;

/**
 * Posterior and evidence by tempered populations (`temper`). The evidence is the mean of the populations' estimates,
 *
 *     ln Ẑ = ln mean(Z_p),   standard error = sd(Z_p)/(√P mean(Z_p)), at least √(mean Σ (1/ESS − 1/N)/P)
 *
 * and the effective size of a mean is P times the posterior variance over the variance of the populations' means. Populations
 * short of the bar (R-hat, effective size) move on, at most as much again as they did; then the result is not converged.
 * An evidence needs proper priors; from flat ones the path starts around the posterior (`chooseReference`) and there is none.
 * @see Del Moral, Doucet & Jasra (2006), JRSS B 68(3).
 * @throws {TwinError} NO_POSSIBLE_POINT, MODEL_FAILS, and for input that is no problem.
 */
export function sequentialMonteCarlo(problem: DensityProblem, options: SmcOptions): CalibrationResult {
  requireTempering(options);
  const target = new Target(problem);
  const evaluator = new Evaluator(options.failures);
  const reference = chooseReference(target, options.dice.split("reference"), evaluator);
  if (reference.unbounded.length > 0) return improper("smc", target, reference.unbounded, evaluator.counts());
  const populations = runBatches(temperMany(target, reference, options), problem, evaluator);
  return smcResult(target, reference, populations, evaluator.counts(), options);
}

/** The same in batches, for a pool of workers: population after population, each from a stream of its own. */
export function* temperMany(
  target: Target,
  reference: ChosenReference,
  options: SmcOptions,
): InBatches<Tempered[]> {
  requireTempering(options);
  const { dice, populations = POPULATIONS, points = POINTS } = options;
  const all: Tempered[] = [];
  for (let index = 0; index < populations; index++)
    all.push(yield* temper(target, reference, { ...options, points }, dice.split(index)));
  const mostMoves = Math.max(...all.map(({ moves }) => moves));
  const clouds = all.map(({ population }) => population);
  yield* settle(target, clouds, options, mostMoves, dice.split("settling"));
  return all;
}

function requireTempering({
  populations = POPULATIONS,
  points = POINTS,
  keep = 0.5,
  memory = 0.3,
  mostMoves = 1,
  rhat = 1.01,
  ess = 1,
}: SmcOptions): void {
  if (!(Number.isInteger(populations) && populations >= 2 && Number.isInteger(points) && points >= 16))
    throw new TwinError(
      "BAD_POPULATIONS",
      `${populations} populations of ${points} points`,
      `expected at least 2 populations of at least 16 points; ${POPULATIONS} of ${POINTS} are usual`,
    );
  requireOption(keep > 0 && keep < 1, "keep", keep, "a share between 0 and 1");
  requireOption(memory > 0 && memory < 1, "memory", memory, "a correlation between 0 and 1");
  requireOption(isCount(mostMoves), "mostMoves", mostMoves, "a whole number of moves, at least 1");
  requireOption(rhat > 1, "rhat", rhat, "more than 1; 1.01 is usual");
  requireOption(ess > 0, "ess", ess, "a positive number of effective draws");
}

export function smcResult(
  target: Target,
  reference: ChosenReference,
  populations: readonly Tempered[],
  runs: RunCounts,
  bar: Bar = {},
): CalibrationResult {
  const draws = populations.map(({ population }) => naturalDraws(target, population.points));
  const adrift = populations.flatMap(({ population }) => beyondReach(target, population.points));
  if (adrift.length > 0) return improper("smc", target, adrift, runs);
  const drawn = agreementOf(draws, target.size);
  const reason = disagreement(drawn, bar);
  const notConverged: CalibrationFinding[] =
    reason === undefined ? [] : [{ kind: "not converged", text: reason }];
  return {
    method: "smc",
    summaries: summariesOf(target.problem.unknowns, draws, drawn),
    draws,
    ...(reference.givesEvidence ? { logEvidence: evidenceOf(populations) } : {}),
    converged: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
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

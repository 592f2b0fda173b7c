import { TwinError } from "../errors.ts";
import type { Dice } from "../random/dice.ts";
import { esMda } from "./ensemble-smoother/es-mda.ts";
import { correlated } from "./ensemble-smoother/findings.ts";
import { leastSquaresCalibration } from "./least-squares-calibration.ts";
import { type Choice, chooseMethod, type Method, probe } from "./method-choice.ts";
import { priorToPosterior } from "./prior-to-posterior.ts";
import { Evaluator, type FailurePolicy, type RunCounts } from "./problem/evaluator.ts";
import { asDensity, requireReadings, requireUnknowns } from "./problem/priors.ts";
import type { DensityProblem, SimulationProblem } from "./problem/problem.ts";
import type { CalibrationFinding, CalibrationResult } from "./problem/result.ts";
import { ensembleMcmc } from "./sampling/ensemble-mcmc.ts";
import { laplace } from "./sampling/laplace.ts";
import { sequentialMonteCarlo } from "./sampling/sequential-monte-carlo.ts";

export interface CalibrateOptions {
  readonly dice: Dice;
  /** Default "auto": the first of `METHOD_RULES` that holds. */
  readonly method?: "auto" | Method;
  /** Of one model run, s. Default 1e-5: a formula. */
  readonly costOfRun?: number;
  /** For all model runs, s. Default 60. */
  readonly budget?: number;
  readonly failures?: FailurePolicy;
}

export interface Calibration extends CalibrationResult {
  readonly choice: Choice;
}

/** Assimilations of the smoother, and members at most. */
const ASSIMILATIONS = 4;
const MOST_MEMBERS = 500;
/** Where the budget does not pay for the usual populations. */
const SMALL_POPULATIONS = { populations: 4, points: 128 } as const;

/**
 * Calibrates a model by one call: what is known of its unknowns after the data, and what a reader must be told besides.
 *
 * "auto" chooses by what the budget pays for, the number of unknowns, the priors and whether the model repeats itself; `choice`
 * says what and why. Where Laplace's Gaussian was chosen and turns out not to fit, the finding says so.
 * @throws {TwinError} BUDGET_TOO_SMALL, WRONG_KIND for a method that the problem does not allow, and as the methods do.
 */
export function calibrate(
  problem: SimulationProblem | DensityProblem,
  options: CalibrateOptions,
): Calibration {
  const { method = "auto", dice, failures } = options;
  requireUnknowns(problem.unknowns);
  if ("simulate" in problem) requireReadings(problem);
  const runs = affordable(options);
  const evaluator = new Evaluator(failures);
  const choice: Choice =
    method === "auto"
      ? chooseMethod(probe(problem, runs, dice.split("choice"), evaluator))
      : { chosen: method, because: ["named by the caller"] };
  const result = run(choice.chosen, problem, runs, options);
  const findings = [...result.findings, ...priorToPosterior(problem, result, dice.split("prior"))];
  return { ...result, findings, runs: together(evaluator.counts(), result.runs), choice };
}

function run(
  method: Method,
  problem: SimulationProblem | DensityProblem,
  runs: number,
  { dice, failures = {} }: CalibrateOptions,
): CalibrationResult {
  const stream = dice.split(method);
  if (method === "es-mda")
    return esMda(simulation(problem, method), {
      dice: stream,
      members: Math.max(10, Math.min(MOST_MEMBERS, Math.floor(runs / (ASSIMILATIONS + 1)))),
      assimilations: ASSIMILATIONS,
      failures,
    });
  if (method === "least-squares")
    return leastSquaresCalibration(simulation(problem, method), { dice: stream, failures });
  const density = "simulate" in problem ? asDensity(problem) : problem;
  const result = sampled(method, density, runs, { dice: stream, failures });
  return "simulate" in problem ? withResiduals(problem, result) : result;
}

function sampled(
  method: "laplace" | "smc" | "ensemble-mcmc",
  density: DensityProblem,
  runs: number,
  { dice, failures = {} }: CalibrateOptions,
): CalibrationResult {
  if (method === "laplace") return laplace(density, { dice, failures });
  if (method === "ensemble-mcmc") return ensembleMcmc(density, { dice, failures, runs });
  const usual = runs >= 200_000 * Math.max(10, density.unknowns.length);
  return sequentialMonteCarlo(density, { dice, failures, ...(usual ? {} : SMALL_POPULATIONS) });
}

/** The residuals at the posterior mean speak for the noise model. */
function withResiduals(problem: SimulationProblem, result: CalibrationResult): CalibrationResult {
  const mean = Float64Array.from(result.summaries, (summary) => summary.mean);
  const output = new Float64Array(problem.observations.length);
  const evaluator = new Evaluator();
  if (!evaluator.evaluate((out) => problem.simulate(mean, out), output)) return result;
  const findings: readonly CalibrationFinding[] = [...result.findings, ...correlated(problem, [output])];
  return { ...result, findings, runs: together(result.runs, evaluator.counts()) };
}

function affordable({ costOfRun = 1e-5, budget = 60 }: CalibrateOptions): number {
  if (costOfRun > 0 && budget > 0 && Number.isFinite(costOfRun) && Number.isFinite(budget))
    return Math.floor(budget / costOfRun);
  throw new TwinError(
    "BAD_BUDGET",
    `a run of ${costOfRun} s and a budget of ${budget} s`,
    "expected positive seconds: time a few model runs for `costOfRun`",
  );
}

function simulation(problem: SimulationProblem | DensityProblem, method: Method): SimulationProblem {
  if ("simulate" in problem) return problem;
  throw new TwinError(
    "WRONG_KIND",
    `${method} was asked for a density`,
    "expected a simulation problem: { unknowns, observations, noise, simulate }; for a density use laplace, smc or ensemble-mcmc",
  );
}

function together(first: RunCounts, second: RunCounts): RunCounts {
  const firstFailure = first.firstFailure ?? second.firstFailure;
  const impossible = (first.impossible ?? 0) + (second.impossible ?? 0);
  return {
    runs: first.runs + second.runs,
    failed: first.failed + second.failed,
    retried: first.retried + second.retried,
    dropped: first.dropped + second.dropped,
    ...(impossible === 0 ? {} : { impossible }),
    ...(firstFailure === undefined ? {} : { firstFailure }),
  };
}

import { TwinError } from "../errors.ts";
import type { Dice } from "../random/dice.ts";
import { esMda } from "./ensemble-smoother/es-mda.ts";
import { leastSquaresCalibration } from "./least-squares-calibration.ts";
import { type Choice, chooseMethod, type Method, probe } from "./method-choice.ts";
import { priorToPosterior } from "./prior-to-posterior.ts";
import { Evaluator, type FailurePolicy, type RunCounts } from "./problem/evaluator.ts";
import { requireOption } from "./problem/options.ts";
import { asDensity, requireReadings, requireUnknowns } from "./problem/priors.ts";
import type { DensityProblem, SimulationProblem } from "./problem/problem.ts";
import { residualFindings } from "./problem/residual-findings.ts";
import type { CalibrationResult } from "./problem/result.ts";
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

const METHODS: readonly Method[] = ["ensemble-mcmc", "smc", "laplace", "least-squares", "es-mda"];
/** Assimilations of the smoother, and members at most. */
const ASSIMILATIONS = 4;
const MOST_MEMBERS = 500;
/** Where the budget does not pay for the usual populations. */
const SMALL_POPULATIONS = { populations: 8, points: 192 } as const;

/**
 * Calibrates a model by one call: what is known of its unknowns after the data, and what a reader must be told besides.
 *
 * "auto" chooses by what the budget pays for, the number of unknowns, the priors and whether the model repeats itself; `choice`
 * says what and why. Where Laplace's Gaussian was chosen and turns out not to fit, the finding says so.
 * @throws {TwinError} BAD_OPTION for a method that is none, BUDGET_TOO_SMALL, WRONG_KIND for a method that the problem does not allow, and as the methods do.
 */
export function calibrate(
  problem: SimulationProblem | DensityProblem,
  options: CalibrateOptions,
): Calibration {
  const { method = "auto", dice, failures } = options;
  requireOption(
    method === "auto" || METHODS.includes(method),
    "method",
    method,
    `"auto" or one of ${METHODS.join(", ")}`,
  );
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
  return "simulate" in problem ? withResiduals(problem, result, stream.split("residuals")) : result;
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

/** Draws that are tried besides the posterior mean, which of several modes is none. */
const TRIED = 20;

/** The residuals speak for the noise and the model. */
function withResiduals(problem: SimulationProblem, result: CalibrationResult, dice: Dice): CalibrationResult {
  const evaluator = new Evaluator({ tolerated: 1 });
  const outputs = middlesOf(result).flatMap((theta) => {
    const output = new Float64Array(problem.observations.length);
    return evaluator.evaluate((out) => problem.simulate(theta, out), output) ? [output] : [];
  });
  const findings = [...result.findings, ...residualFindings(problem, outputs, result.summaries, dice)];
  return { ...result, findings, runs: together(result.runs, evaluator.counts()) };
}

function middlesOf({ summaries, draws = [], gaussian }: CalibrationResult): Float64Array[] {
  if (summaries.some(({ mean }) => !Number.isFinite(mean))) return [];
  const total = draws.reduce((sum, { rows }) => sum + rows, 0);
  const stride = Math.max(1, Math.floor(total / TRIED));
  const tried = draws.flatMap((part) =>
    Array.from({ length: Math.ceil(part.rows / stride) }, (_, index) =>
      Float64Array.from(summaries, (_summary, column) => part.get(index * stride, column)),
    ),
  );
  return [gaussian?.modeNatural ?? Float64Array.from(summaries, ({ mean }) => mean), ...tried];
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

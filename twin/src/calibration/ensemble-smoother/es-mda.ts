import { TwinError } from "../../errors.ts";
import { entry, Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import { Coordinates } from "../problem/coordinates.ts";
import { Evaluator, type FailurePolicy } from "../problem/evaluator.ts";
import { requireOption } from "../problem/options.ts";
import { drawable, requireReadings, requireUnknowns, samplePriorOf } from "../problem/priors.ts";
import type { SimulationProblem } from "../problem/problem.ts";
import type { CalibrationResult } from "../problem/result.ts";
import { summariesOf } from "../sampling/summaries.ts";
import { esMdaFindings } from "./findings.ts";
import { type UnreachedReading, unreachedReadings } from "./reach.ts";
import { anomaliesOf, meanVector, subspaceGain } from "./subspace-gain.ts";

export interface EsMdaOptions {
  readonly dice: Dice;
  /** Members, at least 10. Default 100. */
  readonly members?: number;
  /** α of each assimilation, all ≥ 1 and Σ 1/α = 1; or how many equal ones. Default 4. */
  readonly assimilations?: number | readonly number[];
  /** Share of Σ w² of the outputs' singular values that is kept. Default 1: all. */
  readonly energy?: number;
  /** Taper of the gain, unknown by reading, in [0, 1]. Default 1. */
  readonly localisation?: Matrix;
  readonly failures?: FailurePolicy;
}

/** What one assimilation did. */
export interface Assimilation {
  readonly alpha: number;
  /** Members that ran. */
  readonly members: number;
  /** Mean over the members of Σ ((y − h)/sd)²/n, before the assimilation. */
  readonly mismatch: number;
}

export interface EsMdaResult extends CalibrationResult {
  readonly method: "es-mda";
  readonly history: readonly Assimilation[];
  /** The same mismatch after the last assimilation: about 1 where model and noise are right. */
  readonly finalMismatch: number;
  readonly unreached: readonly UnreachedReading[];
  /** h of the members after the last assimilation. */
  readonly outputs: readonly Float64Array[];
}

/** Below so many members a covariance is noise. */
const FEWEST = 10;

/**
 * Ensemble smoother with multiple data assimilation: the data are taken in K times, each time with their noise inflated by α_k,
 * Σ 1/α_k = 1, by an ensemble of N model runs.
 *
 *     z_j ← z_j + K_k (y + √α_k e_j − h(z_j)),   e_j ~ N(0, R) centred over the members,   K_k: `subspaceGain`
 *
 * in unbounded coordinates z. Model runs: N (K + 1), known beforehand, N at a time; no derivatives. Exact for linear models with
 * Gaussian z as N → ∞, with errors of order 1/√N; for nonlinear models an approximation whose spread is too small when members
 * are few against unknowns, and at times a third too wide, for its linearisation is over the whole prior. One mode only.
 *
 * Failed runs: a member whose model run fails after its retries is dropped for good, and counted; none is replaced. With too few
 * left for a spread, fewer than 30 after losses or 5 an unknown, the result is not converged ("collapsed ensemble").
 * @see Emerick & Reynolds (2013), Computers & Geosciences 55, algorithm in §3.
 * @throws {TwinError} IMPROPER for flat priors, BAD_SCHEDULE, BAD_OPTION, TOO_FEW_MEMBERS, MODEL_FAILS.
 */
export function esMda(problem: SimulationProblem, options: EsMdaOptions): EsMdaResult {
  const { dice, members = 100, energy = 1 } = options;
  const alphas = scheduleOf(options.assimilations ?? 4);
  requireProblem(problem, options, members);
  const coordinates = new Coordinates(problem.unknowns.map(({ prior }) => prior.support));
  const evaluator = new Evaluator(options.failures);
  const stream = dice.split("perturbations");
  let ensemble = runMembers(
    problem,
    coordinates,
    priorPoints(problem, coordinates, members, dice),
    evaluator,
  );
  const unreached = unreachedReadings(ensemble.outputs, problem.observations, problem.noise);
  const history: Assimilation[] = [];
  for (const [step, alpha] of alphas.entries()) {
    history.push({ alpha, members: ensemble.points.length, mismatch: mismatchOf(problem, ensemble.outputs) });
    const gain = taper(
      subspaceGain(anomaliesOf(ensemble.points, ensemble.outputs, problem.noise), alpha, energy),
      options,
    );
    const moved = assimilated(problem, ensemble, gain, alpha, stream.split(step));
    ensemble = runMembers(problem, coordinates, moved, evaluator);
  }
  const runs = evaluator.counts();
  const draws = drawsOf(coordinates, ensemble.points);
  const finalMismatch = mismatchOf(problem, ensemble.outputs);
  const summaries = summariesOf(problem.unknowns, [draws]);
  const outcome = { members, ensemble: ensemble.outputs, unreached, summaries, runs };
  const findings = esMdaFindings(problem, outcome, dice.split("findings"));
  const collapse = findings.find(({ kind }) => kind === "collapsed ensemble");
  return {
    method: "es-mda",
    summaries,
    draws: [draws],
    converged: collapse === undefined,
    ...(collapse === undefined ? {} : { reason: collapse.text }),
    runs,
    findings,
    history,
    finalMismatch,
    unreached,
    outputs: ensemble.outputs,
  };
}

/** Members that ran; output i belongs to point i. */
interface Members {
  readonly points: readonly Float64Array[];
  readonly outputs: readonly Float64Array[];
}

function runMembers(
  problem: SimulationProblem,
  coordinates: Coordinates,
  points: readonly Float64Array[],
  evaluator: Evaluator,
): Members {
  const ran: { point: Float64Array; output: Float64Array }[] = [];
  for (const point of points) {
    const theta = coordinates.toNatural(point, new Float64Array(coordinates.size));
    const output = new Float64Array(problem.observations.length);
    if (evaluator.evaluate((out) => problem.simulate(theta, out), output)) ran.push({ point, output });
  }
  if (ran.length < FEWEST)
    throw new TwinError(
      "TOO_FEW_MEMBERS",
      `${ran.length} of ${points.length} members are left; the first failure said: ${evaluator.counts().firstFailure}`,
      `expected at least ${FEWEST} that run: start with more members, or narrow the priors to where the model runs`,
    );
  return { points: ran.map(({ point }) => point), outputs: ran.map(({ output }) => output) };
}

function assimilated(
  { observations, noise }: SimulationProblem,
  { points, outputs }: Members,
  gain: Matrix,
  alpha: number,
  dice: Dice,
): Float64Array[] {
  const perturbations = points.map((_, member) => {
    const stream = dice.split(member);
    return Float64Array.from(observations, () => stream.normal());
  });
  const centre = meanVector(perturbations);
  return points.map((point, member) => {
    const moved = point.slice();
    observations.forEach((reading, index) => {
      const perturbation = entry(perturbations[member] as Float64Array, index) - entry(centre, index);
      const innovation =
        (reading - entry(outputs[member] as Float64Array, index)) / entry(noise, index) +
        Math.sqrt(alpha) * perturbation;
      for (let unknown = 0; unknown < moved.length; unknown++)
        moved[unknown] = entry(moved, unknown) + gain.get(unknown, index) * innovation;
    });
    return moved;
  });
}

function taper(gain: Matrix, { localisation }: EsMdaOptions): Matrix {
  if (localisation === undefined) return gain;
  return new Matrix(
    gain.rows,
    gain.columns,
    gain.data.map((value, index) => value * entry(localisation.data, index)),
  );
}

function priorPoints(
  problem: SimulationProblem,
  coordinates: Coordinates,
  members: number,
  dice: Dice,
): Float64Array[] {
  const theta = new Float64Array(coordinates.size);
  const stream = dice.split("prior");
  return Array.from({ length: members }, (_, member) =>
    coordinates.fromNatural(samplePriorOf(problem, stream.split(member), theta)),
  );
}

function mismatchOf({ observations, noise }: SimulationProblem, outputs: readonly Float64Array[]): number {
  let sum = 0;
  for (const output of outputs)
    observations.forEach((reading, index) => {
      sum += ((reading - entry(output, index)) / entry(noise, index)) ** 2;
    });
  return sum / outputs.length / observations.length;
}

function drawsOf(coordinates: Coordinates, points: readonly Float64Array[]): Matrix {
  const draws = new Matrix(points.length, coordinates.size);
  points.forEach((point, row) => {
    coordinates.toNatural(point, new Float64Array(coordinates.size)).forEach((value, column) => {
      draws.set(row, column, value);
    });
  });
  return draws;
}

function scheduleOf(assimilations: number | readonly number[]): readonly number[] {
  const alphas =
    typeof assimilations === "number"
      ? Array.from({ length: Math.max(0, Math.floor(assimilations)) }, () => assimilations)
      : assimilations;
  const total = alphas.reduce((sum, alpha) => sum + 1 / alpha, 0);
  if (alphas.every((alpha) => alpha >= 1) && Math.abs(total - 1) < 1e-9) return alphas;
  throw new TwinError(
    "BAD_SCHEDULE",
    `inflations ${alphas.join(", ")}, whose inverses add to ${total}`,
    "expected each at least 1 and inverses that add to 1: 4, 4, 4, 4, or 9.333, 7, 4, 2; otherwise the data count more or less than once",
  );
}

function requireProblem(
  problem: SimulationProblem,
  { dice, localisation, energy = 1 }: EsMdaOptions,
  members: number,
): void {
  requireUnknowns(problem.unknowns);
  requireReadings(problem);
  if (!drawable(problem.unknowns, dice))
    throw new TwinError(
      "IMPROPER",
      "an unknown has a flat prior",
      "expected proper priors: the ensemble is drawn from them",
    );
  if (!(Number.isInteger(members) && members >= FEWEST))
    throw new TwinError(
      "TOO_FEW_MEMBERS",
      `${members} members`,
      `expected at least ${FEWEST}; 100 are usual`,
    );
  if (!(energy > 0 && energy <= 1))
    throw new TwinError(
      "BAD_ENERGY",
      `an energy of ${energy}`,
      "expected a share in (0, 1]; 0.99 is usual with many readings",
    );
  const shape = localisation && [localisation.rows, localisation.columns];
  if (shape && (shape[0] !== problem.unknowns.length || shape[1] !== problem.observations.length))
    throw new TwinError(
      "BAD_SHAPE",
      `a localisation of ${shape[0]} × ${shape[1]}`,
      `expected ${problem.unknowns.length} unknowns × ${problem.observations.length} readings`,
    );
  const taper = localisation?.data.find((value) => !(value >= 0 && value <= 1));
  requireOption(taper === undefined, "localisation", taper, "factors from 0 to 1");
}

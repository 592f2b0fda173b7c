import { lagOneAboutZero } from "../../diagnostics/whiteness.ts";
import { entry } from "../../linear-algebra/matrix.ts";
import type { RunCounts } from "../problem/evaluator.ts";
import type { SimulationProblem } from "../problem/problem.ts";
import type { CalibrationFinding } from "../problem/result.ts";
import { runFindings } from "../sampling/summaries.ts";
import type { UnreachedReading } from "./reach.ts";
import { meanVector } from "./subspace-gain.ts";

interface Outcome {
  readonly members: number;
  readonly ensemble: readonly Float64Array[];
  readonly unreached: readonly UnreachedReading[];
  readonly finalMismatch: number;
  readonly runs: RunCounts;
}

/** Members for each unknown below which spurious correlations eat the spread. */
const MEMBERS_PER_UNKNOWN = 5;

export function esMdaFindings(problem: SimulationProblem, outcome: Outcome): CalibrationFinding[] {
  return [
    ...conflict(problem, outcome),
    ...correlated(problem, outcome.ensemble),
    ...collapsed(problem, outcome),
    ...runFindings(outcome.runs),
  ];
}

function conflict({ observations }: SimulationProblem, { unreached }: Outcome): CalibrationFinding[] {
  const [first] = unreached;
  if (first === undefined) return [];
  const text = `${unreached.length} of ${observations.length} readings lie beyond all that the prior predicts; reading ${first.index} is ${first.reading}, predicted ${first.low} to ${first.high}: widen the priors, or doubt the model`;
  return [{ kind: "prior-data conflict", text }];
}

function collapsed({ unknowns }: SimulationProblem, { members }: Outcome): CalibrationFinding[] {
  if (members >= MEMBERS_PER_UNKNOWN * unknowns.length) return [];
  const text = `${members} members for ${unknowns.length} unknowns: their spread is smaller than the posterior's; expected at least ${MEMBERS_PER_UNKNOWN} an unknown, or a localisation`;
  return [{ kind: "collapsed ensemble", text }];
}

/** Three standard errors of a white series' first autocorrelation. */
const SIGMAS = 3;
const ENOUGH_READINGS = 20;

/** Residuals of the members' mean output, in the order of the readings. */
export function correlated(
  { observations, noise }: SimulationProblem,
  outputs: readonly Float64Array[],
): CalibrationFinding[] {
  if (observations.length < ENOUGH_READINGS) return [];
  const mean = meanVector(outputs);
  const residuals = observations.map(
    (reading, index) => (reading - entry(mean, index)) / entry(noise, index),
  );
  const correlation = lagOneAboutZero(residuals);
  const limit = SIGMAS / Math.sqrt(residuals.length);
  if (!(Math.abs(correlation) > limit)) return [];
  const text = `residuals follow each other with a correlation of ${correlation.toFixed(2)} (limit ${limit.toFixed(2)}): the noise is not independent or the model is biased, and the bands are too narrow`;
  return [{ kind: "correlated residuals", text }];
}

import type { Dice } from "../../random/dice.ts";
import type { RunCounts } from "../problem/evaluator.ts";
import type { SimulationProblem } from "../problem/problem.ts";
import { residualFindings } from "../problem/residual-findings.ts";
import type { CalibrationFinding, UnknownSummary } from "../problem/result.ts";
import { runFindings } from "../sampling/summaries.ts";
import type { UnreachedReading } from "./reach.ts";
import { meanVector } from "./subspace-gain.ts";

interface Outcome {
  readonly members: number;
  readonly ensemble: readonly Float64Array[];
  readonly unreached: readonly UnreachedReading[];
  readonly summaries: readonly UnknownSummary[];
  readonly runs: RunCounts;
}

/** Members below which a sample's spread is noise whatever the unknowns: a sd is known to 1/√(2 · 30) = 13 %. */
const FEWEST_LEFT = 30;
/** Members for each unknown below which spurious correlations eat the spread. */
const MEMBERS_PER_UNKNOWN = 5;

export function esMdaFindings(
  problem: SimulationProblem,
  outcome: Outcome,
  dice: Dice,
): CalibrationFinding[] {
  return [
    ...conflict(problem, outcome),
    ...residualFindings(
      problem,
      [meanVector(outcome.ensemble), ...outcome.ensemble],
      outcome.summaries,
      dice,
    ),
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

/** Members that the spread is taken from: those that ran to the end. */
function collapsed({ unknowns }: SimulationProblem, { members, ensemble }: Outcome): CalibrationFinding[] {
  const left = ensemble.length;
  const wanted = Math.max(MEMBERS_PER_UNKNOWN * unknowns.length, left < members ? FEWEST_LEFT : 0);
  if (left >= wanted) return [];
  const text = `${left} of ${members} members are left for ${unknowns.length} unknowns: their spread is smaller than the posterior's; expected at least ${MEMBERS_PER_UNKNOWN} an unknown and ${FEWEST_LEFT} in all, or a localisation`;
  return [{ kind: "collapsed ensemble", text }];
}

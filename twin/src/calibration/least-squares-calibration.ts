import { TwinError } from "../errors.ts";
import type { Dice } from "../random/dice.ts";
import { laplace as residualLaplace } from "./least-squares/laplace.ts";
import { Evaluator, type FailurePolicy } from "./problem/evaluator.ts";
import { asDensity, drawable } from "./problem/priors.ts";
import type { SimulationProblem } from "./problem/problem.ts";
import { residualFindings } from "./problem/residual-findings.ts";
import type { CalibrationResult } from "./problem/result.ts";
import { Target } from "./problem/target.ts";
import { gaussianSummaries } from "./sampling/laplace.ts";
import { nothingKnown } from "./sampling/nothing-known.ts";
import { logPosterior, startsOf } from "./sampling/reference.ts";
import { runFindings } from "./sampling/summaries.ts";

/**
 * The posterior's mode by Levenberg–Marquardt on the residuals, and the Gaussian of its curvature there: what `laplace` does for
 * any density, with the fewer runs that residuals allow. A posterior without a peak is a result that says so.
 */
export function leastSquaresCalibration(
  problem: SimulationProblem,
  { dice, failures = {} }: { readonly dice: Dice; readonly failures?: FailurePolicy },
): CalibrationResult {
  const target = new Target(asDensity(problem));
  const seeking = new Evaluator(failures);
  const { start } = startsOf(target, dice.split("start"), (z) => logPosterior(target, z, seeking));
  try {
    const peak = residualLaplace(problem, target.natural(start), { failures });
    const mode = { at: peak.coordinates, logDensity: peak.logJoint, covariance: peak.covariance };
    const runs = { ...peak.evaluations, runs: peak.evaluations.runs + seeking.counts().runs };
    const reason = `no optimum after ${peak.iterations} iterations`;
    const output = new Float64Array(problem.observations.length);
    problem.simulate(peak.mode, output);
    const summaries = gaussianSummaries(target, mode);
    return {
      method: "least-squares",
      summaries,
      gaussian: { mode: peak.coordinates, modeNatural: peak.mode, covariance: peak.covariance },
      ...(drawable(problem.unknowns, dice) ? { logEvidence: { value: peak.logEvidence } } : {}),
      converged: peak.converged,
      ...(peak.converged ? {} : { reason }),
      runs: { ...runs, runs: runs.runs + 1 },
      findings: [
        ...(peak.converged ? [] : [{ kind: "not converged" as const, text: reason }]),
        ...residualFindings(problem, [output], summaries, dice.split("residuals")),
        ...runFindings(runs, target),
      ],
    };
  } catch (error) {
    if (error instanceof TwinError && error.code === "NO_PEAK")
      return nothingKnown(
        "least-squares",
        target,
        "unseen direction",
        `${error.message}: ${error.hint}`,
        seeking.counts(),
      );
    throw error;
  }
}

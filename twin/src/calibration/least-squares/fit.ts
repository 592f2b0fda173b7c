import type { FailurePolicy, RunCounts } from "../problem/evaluator.ts";
import { covarianceOf } from "./covariance.ts";
import { findingsOf } from "./findings.ts";
import type { LeastSquaresFit } from "./fit-report.ts";
import { type Disagreement, jacobianDisagreement } from "./given-jacobian.ts";
import { type Descent, descend } from "./levenberg-marquardt.ts";
import { ModelResiduals } from "./model-residuals.ts";
import { optimalityOf } from "./optimality.ts";
import type { LeastSquaresProblem } from "./problem.ts";
import { checkLoss, type RobustLoss } from "./robust-loss.ts";

export interface FitOptions {
  /** Default 1000. */
  readonly iterations?: number;
  /** Needs `noise`: residuals count in its units. */
  readonly loss?: RobustLoss;
  /** "central" spends two runs a parameter on slopes and no more. Default "extrapolated": all the digits the model gives. */
  readonly differences?: "extrapolated" | "central";
  /** Up to 0.9 of all runs may fail unless this says otherwise: an optimum may lie at the edge of where the model runs. */
  readonly failures?: FailurePolicy;
}

/**
 * Fits a model by Levenberg–Marquardt (`descend`) in the coordinates of the parameters' transforms; results are on the
 * natural scale. A descent that does not converge is a value with its reason, not an exception.
 *
 *     covariance = s² (JᵀJ)⁻¹ from the QR of J with its rank,   s² = RSS/(n − rank), or 1 when the noise is known
 *
 * A given Jacobian is compared with differences at the start and at the end, some 4p runs: a finding tells what disagrees.
 *
 * Assumes independent errors of the declared (relative) sizes: the findings report when the residuals deny it.
 *
 * @param start θ, strictly inside the bounds.
 * @throws {TwinError} for input that is no problem (`checkProblem`), OUT_OF_BOUNDS, MODEL_FAILS at the start.
 * @see Bates & Watts (1988), Nonlinear Regression Analysis, §2; (1981) Technometrics 23(2) for the relative offset.
 */
export function fitLeastSquares(
  problem: LeastSquaresProblem,
  start: ArrayLike<number>,
  { iterations, loss, differences, failures }: FitOptions = {},
): LeastSquaresFit {
  if (loss) checkLoss(loss, problem.noise !== undefined);
  const system = new ModelResiduals(problem, { tolerated: 0.9, ...failures });
  const from = system.coordinatesOf(start);
  const descent = descend(system, from, {
    ...(iterations === undefined ? {} : { iterations }),
    ...(loss ? { loss } : {}),
    ...(differences === "central" ? { slopes: "quick" as const } : {}),
  });
  const disagreement = problem.jacobian ? jacobianDisagreement(problem, [from, descent.z]) : undefined;
  return assemble(problem, system, descent, loss, disagreement);
}

/** The report of a descent that ended; RSS, residuals and covariance all belong to the returned parameters. */
function assemble(
  problem: LeastSquaresProblem,
  system: ModelResiduals,
  descent: Descent,
  loss: RobustLoss | undefined,
  disagreement: Disagreement | undefined,
): LeastSquaresFit {
  const { z, residuals, jacobian } = descent;
  const natural = system.naturalJacobian(z, jacobian);
  const sum = residuals.reduce((total, residual) => total + residual * residual, 0);
  const noiseScale = problem.noiseScale ?? (problem.noise ? "known" : "estimated");
  const estimate = covarianceOf(natural, residuals, noiseScale === "known", system.slopeError());
  const parameters = system.theta(z);
  const free = system.freeAt(parameters);
  const optimality = optimalityOf(natural, residuals, free, descent.hidden, system.slopeError(), loss);
  const fit = {
    ids: problem.parameters.map(({ id }) => id),
    parameters,
    residualSumOfSquares: sum,
    dof: estimate.dof,
    residualSd: estimate.residualSd,
    noiseScale,
    standardErrors: estimate.standardErrors,
    covariance: estimate.covariance,
    correlation: estimate.correlation,
    rank: estimate.rank,
    converged: optimality.converged,
    reason:
      optimality.converged && free.length < parameters.length
        ? "the optimum lies at a bound"
        : descent.reason,
    iterations: descent.iterations,
    relativeOffset: optimality.relativeOffset,
    residuals: residuals.map((residual) => -residual),
    fitted: problem.observations.map(
      (reading, row) => reading + (residuals[row] as number) * (problem.noise?.[row] ?? 1),
    ),
    jacobian: natural,
    evaluations: together([system.counts(), ...(disagreement?.evaluations ?? [])]),
    problem,
  } as const;
  return { ...fit, findings: findingsOf(fit, system.slopeErrors(), disagreement?.columns) };
}

function together(counts: readonly RunCounts[]): RunCounts {
  const total = (of: (one: RunCounts) => number): number => counts.reduce((sum, one) => sum + of(one), 0);
  const firstFailure = counts.find((one) => one.firstFailure !== undefined)?.firstFailure;
  return {
    runs: total(({ runs }) => runs),
    failed: total(({ failed }) => failed),
    retried: total(({ retried }) => retried),
    dropped: total(({ dropped }) => dropped),
    ...(firstFailure === undefined ? {} : { firstFailure }),
  };
}

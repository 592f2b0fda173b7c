import { lagOneAboutZero } from "../../diagnostics/whiteness.ts";
import { unseenDirections } from "../identifiability/unseen-directions.ts";
import type { Finding, LeastSquaresFit } from "./fit-report.ts";
import { DISAGREES } from "./given-jacobian.ts";

/** Three standard errors: of a white series one fit in 370 is called correlated. */
const SIGMAS = 3;
/** Relative error of a column of J from which on the second digit of a standard error is in doubt. */
const COARSE = 0.01;
/** Share of its interval (or of its size, with one bound) from which on a parameter lies at a bound. */
const AT_BOUND = 1e-6;

/** @param disagreement of a given Jacobian's columns with differences; see `jacobianDisagreement`. */
export function findingsOf(
  fit: Omit<LeastSquaresFit, "findings">,
  slopeErrors: Float64Array,
  disagreement: Float64Array | undefined,
): Finding[] {
  return [
    ...notConverged(fit),
    ...wrongJacobian(fit, disagreement),
    ...noFreedom(fit),
    ...unseenDirections(fit, Math.max(...slopeErrors)),
    ...atBounds(fit),
    ...correlated(fit),
    ...misfit(fit),
    ...coarse(fit, slopeErrors),
    ...failedRuns(fit),
  ];
}

type Fit = Omit<LeastSquaresFit, "findings">;

function notConverged({ converged, reason, relativeOffset }: Fit): Finding[] {
  if (converged) return [];
  return [
    {
      kind: "not converged",
      text: `The descent ended without an optimum: ${reason}. Its numbers describe the point it reached, not a fit.`,
      value: relativeOffset,
      threshold: 1e-3,
    },
  ];
}

function wrongJacobian({ ids }: Fit, disagreement: Float64Array = new Float64Array(ids.length)): Finding[] {
  const wrong = ids.filter((_, column) => (disagreement[column] as number) >= DISAGREES);
  if (wrong.length === 0) return [];
  const worst = Math.max(...disagreement);
  return [
    {
      kind: "wrong Jacobian",
      text: `The given Jacobian disagrees with differences of the model in ${wrong.join(", ")}, by up to ${(100 * worst).toPrecision(2)} % of a column: standard errors and intervals follow it and are wrong. Correct it or leave it out.`,
      value: worst,
      threshold: DISAGREES,
    },
  ];
}

/** Nothing is left to estimate the noise from, nor to doubt the model with. */
function noFreedom({ ids, dof, residuals, rank, standardErrors, noiseScale }: Fit): Finding[] {
  if (dof >= 1) return [];
  const open = ids.filter((_, index) => standardErrors[index] === Number.POSITIVE_INFINITY);
  const determined =
    open.length === 0
      ? ""
      : ` They determine ${rank} direction${rank === 1 ? "" : "s"} only; of ${open.join(", ")} there is no estimate (standard error ∞).`;
  const errors =
    noiseScale === "known"
      ? "Standard errors are those of the declared noise."
      : "The noise cannot be estimated, and standard errors are not known (NaN): declare it.";
  return [
    {
      kind: "no freedom",
      text: `${residuals.length} observations for ${ids.length} parameters leave no residual.${determined} ${errors} Take more observations or fewer parameters.`,
      value: dof,
      threshold: 1,
    },
  ];
}

function atBounds({ problem, parameters, ids }: Fit): Finding[] {
  return problem.parameters.flatMap(({ bounds }, index) => {
    if (!bounds) return [];
    const value = parameters[index] as number;
    const width = Number.isFinite(bounds[1] - bounds[0]) ? bounds[1] - bounds[0] : Math.abs(value) || 1;
    const distance = Math.min(value - bounds[0], bounds[1] - value) / width;
    if (!(distance < AT_BOUND)) return [];
    return {
      kind: "at a bound" as const,
      text: `${ids[index]} = ${value} lies at its bound: the data pull it further, and its standard error does not describe that.`,
      value: distance,
      threshold: AT_BOUND,
    };
  });
}

/**
 * A deterministic model leaves a correlated residual where it is wrong; standard errors computed as if it were white are
 * then too small, by about √((1 − ρ)/(1 + ρ)).
 */
function correlated({ residuals }: Fit): Finding[] {
  const correlation = lagOneAboutZero(residuals);
  const threshold = SIGMAS / Math.sqrt(residuals.length);
  if (!(Math.abs(correlation) > threshold)) return [];
  const factor = Math.sqrt((1 + correlation) / (1 - correlation));
  return [
    {
      kind: "correlated residuals",
      text: `Neighbouring residuals correlate by ${correlation.toFixed(2)} (white: within ±${threshold.toFixed(2)}): the model misses something that lasts. The standard errors assume white residuals; if the pattern is noise of first order they are too ${factor > 1 ? "small" : "large"} by a factor of about ${(factor > 1 ? factor : 1 / factor).toFixed(1)}. Add a discrepancy term or stochastic states.`,
      value: correlation,
      threshold,
    },
  ];
}

/** χ² of known noise, by the normal approximation of Wilson & Hilferty. */
function misfit({ noiseScale, residualSumOfSquares, dof }: Fit): Finding[] {
  if (noiseScale !== "known" || dof < 1) return [];
  const spread = 2 / (9 * dof);
  const score = (Math.cbrt(residualSumOfSquares / dof) - (1 - spread)) / Math.sqrt(spread);
  if (!(Math.abs(score) > SIGMAS)) return [];
  return [
    {
      kind: "misfit",
      text: `Residuals are ${Math.sqrt(residualSumOfSquares / dof).toPrecision(3)} times the declared noise (${score.toFixed(1)} standard deviations off): ${score > 0 ? "the model does not fit, or the noise is larger than declared" : "the noise is smaller than declared"}.`,
      value: score,
      threshold: SIGMAS,
    },
  ];
}

function coarse({ ids }: Fit, slopeErrors: Float64Array): Finding[] {
  return Array.from(slopeErrors).flatMap((error, index) =>
    error > COARSE
      ? [
          {
            kind: "coarse slopes" as const,
            text: `The slope of the model in ${ids[index]} is known to ${(100 * error).toFixed(0)} % only: the model's own noise hides the rest. Tighten its solver or give exact derivatives.`,
            value: error,
            threshold: COARSE,
          },
        ]
      : [],
  );
}

function failedRuns({ evaluations }: Fit): Finding[] {
  const { runs, failed, firstFailure } = evaluations;
  if (failed === 0) return [];
  return [
    {
      kind: "failed runs",
      text: `${failed} of ${runs} runs failed and counted as rejected steps; the first said: ${firstFailure}.`,
      value: failed,
      threshold: 1,
    },
  ];
}

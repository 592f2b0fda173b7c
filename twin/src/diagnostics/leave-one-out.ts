import { entry, type Matrix, shapeError } from "../linear-algebra/matrix.ts";
import { logSumExp } from "../probability/log-sum-exp.ts";
import { badForecast } from "./forecast-checks.ts";
import { paretoSmoothedWeights, type SmoothedWeights } from "./pareto-smoothing.ts";

export interface LeaveOneOut {
  /** Σ ln p(y_i | y without i), nats; larger is better. */
  readonly elpd: number;
  /** √(n Var of the pointwise values). */
  readonly standardError: number;
  /** Effective number of parameters: ln p(y_i | all y) summed, less `elpd`. */
  readonly effectiveParameters: number;
  readonly pointwise: Float64Array;
  /** k of each observation. */
  readonly paretoShapes: Float64Array;
  readonly limit: number;
  /** Observations whose k is above the limit: refit without them, for their terms cannot be trusted. */
  readonly unreliable: readonly number[];
}

/**
 * Leave-one-out predictive density from one posterior sample: observation i is left out by weights 1/p(y_i | θ_s), Pareto-smoothed.
 * Observations must be exchangeable given θ; for time series use held-out stretches (`heldOutLogDensity`).
 *
 * @param logLikelihoods S draws × n observations, ln p(y_i | θ_s), full constants.
 * @see Vehtari, Gelman & Gabry (2017), Statistics and Computing 27, eq. 10; Vehtari et al. (2024), JMLR 25(72).
 */
export function leaveOneOut(logLikelihoods: Matrix, relativeEfficiency = 1): LeaveOneOut {
  const { rows: draws, columns: observations } = logLikelihoods;
  if (draws < 2 || observations < 1)
    throw badForecast(
      `${draws} draws of ${observations} log-likelihoods`,
      "at least two draws of one observation",
    );
  const pointwise = new Float64Array(observations);
  const paretoShapes = new Float64Array(observations);
  const unreliable: number[] = [];
  let full = 0;
  let limit = 0;
  for (let index = 0; index < observations; index++) {
    const column = logLikelihoodsOf(logLikelihoods, index);
    const weights = leaveOutWeights(column, relativeEfficiency);
    pointwise[index] = logSumExp(weights.logWeights.map((weight, draw) => weight + entry(column, draw)));
    paretoShapes[index] = weights.paretoShape;
    full += logSumExp(column) - Math.log(draws);
    limit = weights.limit;
    if (!weights.reliable) unreliable.push(index);
  }
  const elpd = pointwise.reduce((sum, value) => sum + value, 0);
  const mean = elpd / observations;
  const squares = pointwise.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    elpd,
    standardError: observations > 1 ? Math.sqrt((observations * squares) / (observations - 1)) : Number.NaN,
    effectiveParameters: full - elpd,
    pointwise,
    paretoShapes,
    limit,
    unreliable,
  };
}

/** Weights of the draws that stand for the posterior without one observation. */
export const leaveOutWeights = (logLikelihoods: ArrayLike<number>, relativeEfficiency = 1): SmoothedWeights =>
  paretoSmoothedWeights(
    Float64Array.from(logLikelihoods, (value) => -value),
    relativeEfficiency,
  );

/**
 * P(y_i^rep ≤ y_i | y without i): uniform over observations when the predictive distributions are right.
 * @param replicates S × n, one replicate of each observation for each draw. @param observations n, finite.
 * @see Gabry, Simpson, Vehtari, Betancourt & Gelman (2019), J. R. Stat. Soc. A 182, §6.
 */
export function leaveOneOutPit(
  replicates: Matrix,
  observations: ArrayLike<number>,
  logLikelihoods: Matrix,
  relativeEfficiency = 1,
): Float64Array {
  if (
    replicates.rows !== logLikelihoods.rows ||
    replicates.columns !== logLikelihoods.columns ||
    replicates.columns !== observations.length
  )
    throw shapeError(
      `replicates ${replicates.rows} × ${replicates.columns}, log-likelihoods ${logLikelihoods.rows} × ${logLikelihoods.columns}, ${observations.length} observations`,
      "S × n, S × n and n",
    );
  return Float64Array.from(observations, (observation, index) => {
    const { logWeights } = leaveOutWeights(logLikelihoodsOf(logLikelihoods, index), relativeEfficiency);
    let below = 0;
    for (let draw = 0; draw < replicates.rows; draw++) {
      const replicate = replicates.get(draw, index);
      if (!(Number.isFinite(replicate) && Number.isFinite(observation)))
        throw badForecast(`replicate ${replicate} of observation ${index} = ${observation}`, "finite values");
      const weight = Math.exp(entry(logWeights, draw));
      if (replicate < observation) below += weight;
      else if (replicate === observation) below += weight / 2;
    }
    return Math.min(below, 1);
  });
}

function logLikelihoodsOf(logLikelihoods: Matrix, observation: number): Float64Array {
  return Float64Array.from({ length: logLikelihoods.rows }, (_, draw) => {
    const value = logLikelihoods.get(draw, observation);
    if (!Number.isFinite(value))
      throw badForecast(
        `ln p(y_${observation} | θ_${draw}) = ${value}`,
        "finite log-likelihoods at posterior draws",
      );
    return value;
  });
}

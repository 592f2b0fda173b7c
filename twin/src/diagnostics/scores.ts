import { cholesky, logDeterminant } from "../linear-algebra/cholesky.ts";
import { dot, entry, Matrix, shapeError } from "../linear-algebra/matrix.ts";
import { solveLower } from "../linear-algebra/triangular.ts";
import { logSumExp } from "../probability/log-sum-exp.ts";
import { LOG_TWO_PI } from "../probability/normal.ts";
import { sampleMean, sampleVariance } from "../probability/sample-moments.ts";
import { badForecast, requireFinite, requireSpread } from "./forecast-checks.ts";
import { type GaussianComponent, totalWeight } from "./gaussian-mixture.ts";

/*
 * Proper scoring rules; smaller is better in all of them. A score means nothing alone: compare it with a baseline on
 * the same observations (`compareScores`).
 * Source: Gneiting & Raftery (2007), JASA 102.
 */

/** −ln p(y) of N(mean, sd²), nats. */
export function logScoreGaussian(mean: number, sd: number, observation: number): number {
  return (dawidSebastiani(mean, sd, observation) + LOG_TWO_PI) / 2;
}

/** −ln p(y) of a mixture of Gaussians whose weights are divided by their sum, nats. */
export function logScoreGaussianMixture(mixture: readonly GaussianComponent[], observation: number): number {
  const total = totalWeight(mixture);
  const terms = mixture.map(
    ({ weight, mean, sd }) => Math.log(weight / total) - logScoreGaussian(mean, sd, observation),
  );
  return -logSumExp(terms);
}

/** −ln p(y) of N(mean, covariance), nats. */
export function logScoreNormal(
  mean: ArrayLike<number>,
  covariance: Matrix,
  observation: ArrayLike<number>,
): number {
  return (dawidSebastianiVector(mean, covariance, observation) + mean.length * LOG_TWO_PI) / 2;
}

/**
 *     ((y − mean)/sd)² + 2 ln sd
 *
 * Needs only the first two moments: proper for any forecast that has them.
 * @see Dawid & Sebastiani (1999), Ann. Stat. 27(1).
 */
export function dawidSebastiani(mean: number, sd: number, observation: number): number {
  requireSpread(sd);
  requireFinite(mean, observation);
  return ((observation - mean) / sd) ** 2 + 2 * Math.log(sd);
}

/** eᵀ C⁻¹ e + ln det C. @throws {TwinError} NOT_POSITIVE_DEFINITE. */
export function dawidSebastianiVector(
  mean: ArrayLike<number>,
  covariance: Matrix,
  observation: ArrayLike<number>,
): number {
  const size = mean.length;
  if (observation.length !== size || covariance.rows !== size || covariance.columns !== size)
    throw shapeError(
      `a mean of ${size}, a covariance of ${covariance.rows} × ${covariance.columns}, an observation of ${observation.length}`,
      "n, n × n and n",
    );
  const error = new Matrix(size, 1);
  for (let index = 0; index < size; index++) {
    requireFinite(entry(mean, index), entry(observation, index));
    error.set(index, 0, entry(observation, index) - entry(mean, index));
  }
  const factor = cholesky(covariance);
  const whitened = solveLower(factor, error).data;
  return dot(whitened, whitened) + logDeterminant(factor);
}

/**
 * Winkler's score of a central interval of coverage `level`: its width, and 2/(1 − level) for each unit by which it missed.
 * Units of the quantity.
 * @see Gneiting & Raftery (2007), §6.2; Winkler (1972), JASA 67.
 */
export function intervalScore(level: number, low: number, high: number, observation: number): number {
  if (!(level > 0 && level < 1)) throw badForecast(`an interval of level ${level}`, "a level inside (0, 1)");
  requireFinite(low, observation);
  requireFinite(high, observation);
  if (low > high) throw badForecast(`an interval from ${low} to ${high}`, "low ≤ high");
  const missed = Math.max(low - observation, 0) + Math.max(observation - high, 0);
  return high - low + (2 / (1 - level)) * missed;
}

/**
 * CRPS of vectors: (1/M) Σ ‖x_i − y‖ − (1/2M²) Σ ‖x_i − x_j‖. Components should share a unit or be scaled. O(M² d).
 * @param members M × d.
 * @see Gneiting & Raftery (2007), eq. 22.
 */
export function energyScore(members: Matrix, observation: ArrayLike<number>): number {
  if (members.rows === 0) throw badForecast("an ensemble of 0", "at least one member");
  if (members.columns !== observation.length)
    throw shapeError(
      `members of ${members.columns} and an observation of ${observation.length}`,
      "equal sizes",
    );
  let distance = 0;
  let spread = 0;
  for (let row = 0; row < members.rows; row++) {
    let square = 0;
    for (let column = 0; column < members.columns; column++) {
      requireFinite(members.get(row, column), entry(observation, column));
      square += (members.get(row, column) - entry(observation, column)) ** 2;
    }
    distance += Math.sqrt(square);
    for (let other = 0; other < row; other++) spread += 2 * rowDistance(members, row, other);
  }
  return distance / members.rows - spread / (2 * members.rows ** 2);
}

function rowDistance(members: Matrix, left: number, right: number): number {
  let square = 0;
  for (let column = 0; column < members.columns; column++)
    square += (members.get(left, column) - members.get(right, column)) ** 2;
  return Math.sqrt(square);
}

export interface ScoreComparison {
  /** Mean score of the forecast and of the baseline. */
  readonly score: number;
  readonly baseline: number;
  /** 1 − score/baseline: 1 perfect, 0 no better, below 0 worse. For scores that are 0 at best (CRPS, interval, energy); else NaN. */
  readonly skill: number;
  /** Mean of score − baseline, case by case; negative = better. */
  readonly difference: number;
  /** Of `difference`, as if cases were independent: forecasts over several steps ahead are not, and need more. */
  readonly standardError: number;
}

/**
 * Scores against a naive baseline (the last value, the incumbent parameters) on the same cases.
 * @see Diebold & Mariano (1995), J. Bus. Econ. Stat. 13(3), for the paired difference.
 */
export function compareScores(scores: ArrayLike<number>, baseline: ArrayLike<number>): ScoreComparison {
  if (scores.length !== baseline.length)
    throw shapeError(`${scores.length} scores and ${baseline.length} of the baseline`, "the same cases");
  if (scores.length < 2) throw badForecast(`${scores.length} cases`, "at least two");
  const differences = Float64Array.from(scores, (score, index) => {
    requireFinite(score, entry(baseline, index));
    return score - entry(baseline, index);
  });
  const mean = sampleMean(scores);
  const reference = sampleMean(baseline);
  return {
    score: mean,
    baseline: reference,
    skill: reference > 0 && mean >= 0 ? 1 - mean / reference : Number.NaN,
    difference: sampleMean(differences),
    standardError: Math.sqrt(sampleVariance(differences) / differences.length),
  };
}

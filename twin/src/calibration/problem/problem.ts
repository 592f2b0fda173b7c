import type { Distribution } from "../../probability/distribution.ts";
import type { Dice } from "../../random/dice.ts";

/** One unknown of a model: its name, its unit for people, its prior. Bounds are the prior's support. */
export interface Unknown {
  readonly id: string;
  readonly unit?: string;
  readonly prior: Distribution;
  /** Where a search begins. Needed only where the prior is flat and 0 (or 1 above a one-sided bound) is a poor guess. */
  readonly start?: number;
}

/**
 * A density to explore, up to nothing: all constants kept.
 *
 *     ln p(θ, y) = ln p(θ) + ln p(y | θ)
 *
 * `logLikelihood` may throw, or return NaN or +∞: a failed run, counted and never replaced. −∞ says that the point is
 * impossible, which is no failure and is counted apart. It is not asked where the prior density is zero.
 * Priors are independent unless `logPrior` (and `samplePrior`, for methods that start from the prior) say otherwise; they
 * then replace the product of the unknowns' own densities, whose supports stay the bounds.
 */
export interface DensityProblem {
  readonly unknowns: readonly Unknown[];
  logLikelihood(theta: Float64Array): number;
  /** Many points at once, for a pool of workers: value i belongs to point i; NaN for a failed run. Same values as `logLikelihood`. */
  logLikelihoods?(points: readonly Float64Array[]): ArrayLike<number>;
  logPrior?(theta: Float64Array): number;
  samplePrior?(dice: Dice, out: Float64Array): void;
}

/**
 * A black-box model against n readings with known, independent noise.
 *
 *     y_i = h_i(θ) + e_i,  e_i ~ N(0, sd_i²)
 */
export interface SimulationProblem {
  readonly unknowns: readonly Unknown[];
  /** y, n; all finite: leave out what is missing. */
  readonly observations: Float64Array;
  /** sd of each reading, n, all positive. */
  readonly noise: Float64Array;
  /** Writes h(θ), n values, into `out`. Throwing, NaN and infinities are failed runs. */
  simulate(theta: Float64Array, out: Float64Array): void;
}

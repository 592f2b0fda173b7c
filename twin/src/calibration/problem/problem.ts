import type { Distribution } from "../../probability/distribution.ts";
import type { Dice } from "../../random/dice.ts";

/** One unknown of a model: its name, its unit for people, its prior. Bounds are the prior's support. */
export interface Unknown {
  readonly id: string;
  readonly unit?: string;
  readonly prior: Distribution;
}

/**
 * A density to explore, up to nothing: all constants kept.
 *
 *     ln p(θ, y) = ln p(θ) + ln p(y | θ)
 *
 * `logLikelihood` may throw, or return NaN or −∞: a failed or impossible run, counted by the evaluator, never replaced.
 * Priors are independent unless `logPrior` (and `samplePrior`, for methods that start from the prior) say otherwise; they
 * then replace the product of the unknowns' own densities, whose supports stay the bounds.
 */
export interface DensityProblem {
  readonly unknowns: readonly Unknown[];
  logLikelihood(theta: Float64Array): number;
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

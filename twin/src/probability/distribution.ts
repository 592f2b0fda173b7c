import type { Dice } from "../random/dice.ts";

/** A univariate distribution: what priors are made of. Densities carry their full constants. */
export interface Distribution {
  /** Where the density is not zero. */
  readonly support: readonly [low: number, high: number];
  /** ln p(x); −∞ outside the support. */
  logDensity(x: number): number;
  /** @throws {TwinError} IMPROPER when the distribution has no total mass (a flat prior). */
  sample(dice: Dice): number;
}

/** A distribution of total mass one that can be read in both directions. NaN in, NaN out; probabilities are checked. */
export interface Quantiled extends Distribution {
  /** P(X ≤ x). */
  cdf(x: number): number;
  /** P(X > x), with its own digits where it is small. */
  survival(x: number): number;
  /**
   * x with cdf(x) = `probability`.
   * @throws {TwinError} BAD_ARGUMENT outside [0, 1].
   */
  quantile(probability: number): number;
  /** x with survival(x) = `probability`: quantile(1 − probability), without losing the small ones. */
  inverseSurvival(probability: number): number;
}

/** A textbook family. */
export interface Parametric extends Quantiled {
  /** NaN where it does not exist; infinite where it diverges. */
  readonly mean: number;
  readonly variance: number;
}

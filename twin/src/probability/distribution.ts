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

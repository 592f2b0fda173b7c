import type { Dice } from "../../random/dice.ts";
import type { Deviations } from "./deviations.ts";
import type { ObservedEnsemble } from "./observed.ts";

/**
 * One way of giving an ensemble the moments that Bayes' rule asks for when prior and noise are Gaussian, with the sample
 * moments in the place of the true ones:
 *
 *     x̄⁺ = x̄ + K d,   P⁺ = (I − KH)P,   K = PHᵀ(HPHᵀ + R)⁻¹
 *
 * `prior` becomes the posterior in place. Inflation and rotation come afterwards and are the filter's business.
 */
export interface EnsembleAnalysis {
  readonly name: string;
  /** It treats whitened readings as sensors at a place, which they are only for diagonal R. Default false. */
  readonly needsUncorrelatedNoise?: boolean;
  analyse(prior: Deviations, observed: ObservedEnsemble, dice: Dice): void;
}

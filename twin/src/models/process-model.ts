/**
 * A steady model y = h(θ): one call, no state, no allocation.
 *
 * A model may have *regimes*: parts of its parameter space between which h has a kink (a roller grips or slips).
 * An estimator may ask for h as one regime's smooth continuation, so that a Gaussian never straddles a kink.
 */
export interface SteadyModel {
  readonly id: string;
  /** Names of the parameters θ, in the order of the argument. */
  readonly parameters: readonly string[];
  /** Names of the outputs y: signals and virtual sensors. */
  readonly outputs: readonly string[];
  /**
   * Writes h(θ) into `outputs`.
   * @param regimes per parameter: `AUTO`, or the side whose continuation is wanted.
   */
  evaluate(parameters: Float64Array, outputs: Float64Array, regimes?: Int8Array): void;
  /** Writes, per parameter, the value at which its regime changes, given the outputs of an evaluation; ∞ where there is no kink. */
  kinks(outputs: Float64Array, out: Float64Array): void;
}

export const AUTO = 0;
/** The regime below the kink. */
export const BELOW = 1;
/** The regime above the kink. */
export const ABOVE = 2;

import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import type { Periods } from "../nonlinear/circles.ts";

/**
 * A hidden Markov model as a particle filter needs it: draws from the transition, values of the observation density. States
 * n, outputs m, times in any one unit. A component of a reading that is NaN is missing: `logDensity` is then the density
 * of the others.
 *
 * A call that throws, writes a number that is not finite or returns NaN or +∞ costs its particle, and is counted.
 */
export interface ParticleSystem {
  readonly states: number;
  readonly outputs: number;
  /** `out` ← a draw from p(x_to | x_from = state). `out` is never `state`. */
  propagate(state: Float64Array, from: number, to: number, dice: Dice, out: Float64Array): void;
  /** ln p(reading | state), full constants; −∞ where the reading is impossible. */
  logDensity(reading: Float64Array, state: Float64Array, at: number): number;
  /** E[y | x] and a nominal Cov[y | x], for the summary of an innovation; without it NIS and innovation are NaN. */
  readonly summary?: {
    expect(state: Float64Array, at: number, out: Float64Array): void;
    readonly noise: Matrix;
    /** Which outputs are angles, as for a `StochasticSystem`; `logDensity` knows by itself. */
    readonly periods?: Periods;
  };
  /** `out` ← a likely x_to, for the auxiliary filter's first look at a reading: the transition's mean or mode. */
  lookAhead?(state: Float64Array, from: number, to: number, out: Float64Array): void;
  /**
   * For the guided filter: `out` ← a draw from q(x_to | state, reading).
   * @returns ln p(x_to | state) − ln q(x_to | state, reading) at that draw.
   */
  propose?(
    state: Float64Array,
    reading: Float64Array,
    from: number,
    to: number,
    dice: Dice,
    out: Float64Array,
  ): number;
  /** ln p(x_to = next | x_from = state), full constants, for the backward smoother. */
  logTransition?(next: Float64Array, state: Float64Array, from: number, to: number): number;
}

/** A start that is no Gaussian: draws of x at time `at`. */
export interface SampledStart {
  readonly at: number;
  sample(dice: Dice, out: Float64Array): void;
}

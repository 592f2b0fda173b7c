import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Periods } from "./circles.ts";

/**
 * What a filter knows of a machine: states n, outputs m, times in any one unit.
 *
 *     x_t = f(x_s; s, t) + w,  w ~ N(0, Q(s, t))          y_t = h(x_t, t) + v,  v ~ N(0, R)
 *
 * Functions write into `out` and keep nothing: a filter may call them in any order, at any state.
 */
export interface StochasticSystem {
  readonly states: number;
  readonly outputs: number;
  /** `out` ← f(state; from, to), without noise. `out` is never `state`. */
  advance(state: Float64Array, from: number, to: number, out: Float64Array): void;
  /** `out` ← h(state, at). NaN will do for an output that the reading misses. */
  observe(state: Float64Array, at: number, out: Float64Array): void;
  /** Q(from, to), n × n: what accumulates in that time. */
  processNoise(from: number, to: number): Matrix;
  /** R, m × m. */
  readonly observationNoise: Matrix;
  /**
   * Which outputs are angles, as 2π or 360 in their places: innovations are then taken the short way round, and predicted outputs
   * averaged around their middle. R must be small against the circle. No output is one when absent.
   */
  readonly periods?: Periods;
  /** ∂f/∂x, n × n, and ∂h/∂x, m × n. Central differences stand in when absent. */
  transitionJacobian?(state: Float64Array, from: number, to: number): Matrix;
  observationJacobian?(state: Float64Array, at: number): Matrix;
}

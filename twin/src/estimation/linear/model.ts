import type { Matrix } from "../../linear-algebra/matrix.ts";

/** What happens to the state between two readings: x⁺ = F x + c + w, w ~ N(0, Q); F, Q n × n, c n. */
export interface Transition {
  /** F. */
  readonly matrix: Matrix;
  /** c; zero when absent. */
  readonly drift?: Float64Array;
  /** Q, symmetric positive semi-definite: what accumulates in the whole interval. */
  readonly noise: Matrix;
}

/** What a reading sees of the state: y = Z x + d + v, v ~ N(0, R); Z m × n, d m, R m × m. */
export interface Observation {
  /** Z. */
  readonly matrix: Matrix;
  /** d; zero when absent. */
  readonly offset?: Float64Array;
  /** R, symmetric positive semi-definite; components may be correlated. */
  readonly noise: Matrix;
}

/**
 * What is known before any reading: x = m + A δ + e, e ~ N(0, P), and δ a vector of which nothing is known.
 *
 * `diffuse` holds A, n × d: each column is a direction with infinite prior variance. It is treated exactly, never as a
 * large number. The unit vectors of the diffuse states give the likelihood its usual constant.
 */
export interface Start {
  /**
   * The time at which this holds; the state then travels from there to the first reading. "first reading": it holds
   * when the first reading is taken, and nothing happens before.
   */
  readonly at: number | "first reading";
  readonly mean: Float64Array;
  readonly covariance: Matrix;
  readonly diffuse?: Matrix;
}

/**
 * A linear model with Gaussian noise, n states and m outputs, in any one unit of time.
 *
 *     x_k = F_k x_{k−1} + c_k + w_k,  w_k ~ N(0, Q_k)          y_k = Z_k x_k + d_k + v_k,  v_k ~ N(0, R_k)
 *
 * `step` k counts the readings from 0; `elapsed` is the time since the reading before (for k = 0: since the start).
 * All noises are independent of each other and of the start. Whatever does not change should be returned as the same
 * object: filters then skip what they have already prepared.
 *
 * @see Durbin & Koopman (2012), Time Series Analysis by State Space Methods, §4.1.
 */
export interface LinearModel {
  readonly states: number;
  readonly outputs: number;
  readonly start: Start;
  transition(elapsed: number, step: number): Transition;
  observation(step: number): Observation;
}

import { type Matrix, timesVector } from "../../linear-algebra/matrix.ts";
import type { Start } from "./checked-system.ts";
import { ExtendedKalmanFilter } from "./extended-kalman.ts";
import type { StochasticSystem } from "./system.ts";

/**
 * A linear system by its matrices.
 *
 *     x_t = F(s, t) x_s + w,  w ~ N(0, Q(s, t))          y_t = H(t) x_t + v,  v ~ N(0, R)
 */
export interface LinearSystem {
  readonly states: number;
  readonly outputs: number;
  /** F(from, to), n × n. */
  transition(from: number, to: number): Matrix;
  /** Q(from, to), n × n. */
  processNoise(from: number, to: number): Matrix;
  /** H(at), m × n. */
  observation(at: number): Matrix;
  /** R, m × m. */
  readonly observationNoise: Matrix;
}

/** A linear system as every nonlinear filter takes it, its Jacobians included. */
export const asStochasticSystem = (system: LinearSystem): StochasticSystem => ({
  states: system.states,
  outputs: system.outputs,
  advance: (state, from, to, out) => out.set(timesVector(system.transition(from, to), state)),
  observe: (state, at, out) => out.set(timesVector(system.observation(at), state)),
  processNoise: (from, to) => system.processNoise(from, to),
  observationNoise: system.observationNoise,
  transitionJacobian: (_state, from, to) => system.transition(from, to),
  observationJacobian: (_state, at) => system.observation(at),
});

/**
 * The Kalman filter behind the port of the nonlinear ones, in the same square-root form: what they are measured against.
 *
 *     m⁻ = F m,   L⁻ = lower triangle of [F L, Q^½];   readings one by one
 *
 * @see Kalman (1960), J. Basic Eng. 82; Bierman (1977), Factorization Methods for Discrete Sequential Estimation.
 */
export class LinearKalmanFilter extends ExtendedKalmanFilter {
  constructor(system: LinearSystem, start: Start) {
    super(asStochasticSystem(system), start);
  }
}

import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";

/** A standard normal start at time 0. */
export const start = (states: number): Start => ({
  at: 0,
  mean: new Float64Array(states),
  covariance: Matrix.identity(states),
});

/** States that stay; each is read through `observe`. */
export const still = (states: number, observe: (x: number) => number, noise = 0.01): StochasticSystem => ({
  states,
  outputs: states,
  advance: (state, _from, _to, out) => out.set(state),
  observe: (state, _at, out) => out.set(state.map(observe)),
  processNoise: () => new Matrix(states, states),
  observationNoise: Matrix.diagonal(new Float64Array(states).fill(noise)),
});

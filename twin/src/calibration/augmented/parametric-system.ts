import type { Start } from "../../estimation/nonlinear/checked-system.ts";
import type { StochasticSystem } from "../../estimation/nonlinear/system.ts";
import { blockDiagonal } from "../../linear-algebra/blocks.ts";
import {
  driftOver,
  naturalValues,
  priorOf,
  requireParameters,
  type TrackedParameter,
} from "./tracked-parameter.ts";

/** A machine whose laws depend on parameters θ, p. States n, outputs m. */
export interface ParametricSystem {
  /**
   * The machine at θ on the natural scale. Called once for each run of f or h: keep it cheap. `theta` is only valid during the
   * call: take its values out.
   */
  at(theta: Float64Array): StochasticSystem;
}

/**
 * The parameters as further states: x and z together, n + p, for any filter of a `StochasticSystem`.
 *
 *     x_t = f(x_s; s, t, θ(z)) + w     z_t = z_s + √(drift (t − s)) ε     y_t = h(x_t, t; θ(z)) + v
 *
 * Q and R are those at the start's θ: a `StochasticSystem` has no noise that depends on its state. Where they are themselves
 * unknown, or change with θ by more than the data can bear, use `ParameterParticles`.
 * @see Jazwinski (1970), Stochastic Processes and Filtering Theory, §8.4; Särkkä (2013), Bayesian Filtering and Smoothing, §12.3.
 */
export function augment(system: ParametricSystem, parameters: readonly TrackedParameter[]): StochasticSystem {
  requireParameters(parameters);
  const reference = system.at(naturalValues(parameters, priorOf(parameters).mean));
  const { states, outputs, observationNoise, periods } = reference;
  const theta = new Float64Array(parameters.length);
  const inner = new Float64Array(states);
  const at = (state: Float64Array): StochasticSystem =>
    system.at(naturalValues(parameters, state.subarray(states), theta));
  return {
    states: states + parameters.length,
    outputs,
    observationNoise,
    ...(periods && { periods }),
    advance(state, from, to, out) {
      inner.fill(Number.NaN);
      at(state).advance(state.slice(0, states), from, to, inner);
      out.set(inner);
      out.set(state.subarray(states), states);
    },
    observe: (state, time, out) => at(state).observe(state.slice(0, states), time, out),
    processNoise: (from, to) =>
      blockDiagonal([reference.processNoise(from, to), driftOver(parameters, from, to)]),
  };
}

/** The state's belief and the parameters' priors, independent. */
export const augmentedStart = (start: Start, parameters: readonly TrackedParameter[]): Start => {
  const prior = priorOf(parameters);
  return {
    at: start.at,
    mean: Float64Array.from([...start.mean, ...prior.mean]),
    covariance: blockDiagonal([start.covariance, prior.covariance]),
  };
};

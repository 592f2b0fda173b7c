import { Matrix } from "../../../linear-algebra/matrix.ts";
import { startOf } from "../linear-model.ts";
import type { Transition } from "../model.ts";
import type { Component, ComponentStart } from "./component.ts";

/** A component of one signal that sees its states with constant weights. */
export function singleSignal(
  weights: readonly number[],
  start: ComponentStart,
  transition: (elapsed: number, step: number) => Transition,
): Component {
  const loading = Matrix.from([weights]);
  const { mean, covariance, diffuse } = startOf(start, weights.length);
  return {
    states: weights.length,
    outputs: 1,
    start: diffuse === undefined ? { mean, covariance } : { mean, covariance, diffuse },
    transition,
    loading: () => loading,
  };
}

/** (1, 0, …, 0): the signal is the first state. */
export const firstState = (states: number): number[] =>
  Array.from({ length: states }, (_, state) => (state === 0 ? 1 : 0));

import { Matrix } from "../../../linear-algebra/matrix.ts";
import { checkedVariance } from "../arrays.ts";
import { keptByElapsed } from "../travel.ts";
import type { Component, ComponentStart } from "./component.ts";
import { singleSignal } from "./single-signal.ts";

/**
 * A level that wanders: x(t + Δ) = x(t) + w, w ~ N(0, variance · Δ). With variance 0 it is a constant, such as a bias.
 *
 * Any times. Starts diffuse unless told otherwise.
 *
 * @param options.variance signal² per unit of time.
 * @throws {TwinError} BAD_VALUE.
 * @see Durbin & Koopman (2012), §2.
 */
export function localLevel(options: {
  readonly variance: number;
  readonly start?: ComponentStart;
}): Component {
  const variance = checkedVariance(options.variance, "the level variance");
  const matrix = Matrix.identity(1);
  return singleSignal(
    [1],
    options.start ?? { diffuse: "all" },
    keptByElapsed((elapsed) => ({ matrix, noise: Matrix.diagonal([variance * elapsed]) })),
  );
}

import { entry, type Matrix } from "../linear-algebra/matrix.ts";
import type { OdeSystem } from "./system.ts";
import type { Tolerance } from "./tolerance.ts";

/** √ε: balances round-off against curvature in a forward difference. */
const RELATIVE_STEP = 2 ** -26;

/**
 * ∂f/∂x by forward differences, n evaluations.
 *
 * The step of a component follows its own size, its change over one time step, or the size below which the tolerance no
 * longer resolves it, whichever is largest: states that span many decades, or start at zero, keep their digits. It goes
 * the way the state moves, away from the edge of the model's domain.
 */
export class DifferencedJacobian {
  readonly #system: OdeSystem;
  readonly #tolerance: Tolerance;
  readonly #shifted: Float64Array;
  readonly #slope: Float64Array;

  constructor(system: OdeSystem, tolerance: Tolerance) {
    this.#system = system;
    this.#tolerance = tolerance;
    this.#shifted = new Float64Array(system.size);
    this.#slope = new Float64Array(system.size);
  }

  /** `slope` is f at (time, state); `step` the time step about to be tried. */
  evaluate(time: number, state: Float64Array, slope: Float64Array, step: number, out: Matrix): void {
    const shifted = this.#shifted;
    shifted.set(state);
    for (let column = 0; column < state.length; column++) {
      const value = entry(state, column);
      const move = step * entry(slope, column);
      const size = Math.max(Math.abs(value), Math.abs(move), this.#tolerance.floor(column)) || 1;
      const towards = value < 0 || (value === 0 && move < 0) ? -1 : 1;
      shifted[column] = value + towards * RELATIVE_STEP * size;
      const difference = entry(shifted, column) - value;
      this.#slope.fill(Number.NaN);
      this.#system.derivative(time, shifted, this.#slope);
      for (let row = 0; row < state.length; row++)
        out.set(row, column, (entry(this.#slope, row) - entry(slope, row)) / difference);
      shifted[column] = value;
    }
  }
}

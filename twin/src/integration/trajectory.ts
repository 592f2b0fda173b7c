import { entry, Matrix } from "../linear-algebra/matrix.ts";
import type { EventRecord } from "./events.ts";
import type { IntegrationCounts, Stepper } from "./system.ts";

/** What a run of a solver gave. */
export interface Trajectory {
  /** The times that were asked for and reached: all of them unless an event ended the run. */
  readonly times: Float64Array;
  /** x, a row per time; at the time of an event, the state after its change. */
  readonly states: Matrix;
  readonly events: readonly EventRecord[];
  /** The event that ended the run. */
  readonly endedBy?: string;
  /** When method "auto" turned stiff. */
  readonly stiffFrom?: number;
  readonly counts: Readonly<IntegrationCounts>;
}

/** Fills in the states at the times asked for, as the solver passes them. */
export class StateTable {
  readonly #times: Float64Array;
  readonly #states: Matrix;
  readonly #row: Float64Array;
  #filled = 0;

  constructor(times: Float64Array, size: number) {
    this.#times = times;
    this.#states = new Matrix(times.length, size);
    this.#row = new Float64Array(size);
  }

  /** Takes `state` for the next time asked for, when that is `time`. */
  put(time: number, state: Float64Array): void {
    if (this.#filled === this.#times.length || entry(this.#times, this.#filled) !== time) return;
    for (let column = 0; column < state.length; column++)
      this.#states.set(this.#filled, column, entry(state, column));
    this.#filled++;
  }

  /** All times before `until` that lie within the attempted step. */
  putWithin(stepper: Stepper, step: number, until: number): void {
    while (this.#filled < this.#times.length) {
      const time = entry(this.#times, this.#filled);
      if (time >= until) return;
      stepper.interpolate((time - stepper.time) / step, this.#row);
      this.put(time, this.#row);
    }
  }

  get times(): Float64Array {
    return this.#times.slice(0, this.#filled);
  }

  get states(): Matrix {
    if (this.#filled === this.#times.length) return this.#states;
    const { columns, data } = this.#states;
    return new Matrix(this.#filled, columns, data.slice(0, this.#filled * columns));
  }
}

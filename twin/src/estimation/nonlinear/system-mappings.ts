import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { CheckedSystem } from "./checked-system.ts";
import { unwrap } from "./circles.ts";
import type { Mapping } from "./regression.ts";

/** f between two times, as a mapping. */
export class Transition implements Mapping {
  readonly states: number;
  readonly size: number;
  readonly #system: CheckedSystem;
  from = 0;
  to = 0;

  constructor(system: CheckedSystem) {
    this.#system = system;
    this.states = system.states;
    this.size = system.states;
  }

  evaluate(state: Float64Array, out: Float64Array): void {
    this.#system.advance(state, this.from, this.to, out);
  }

  jacobian(state: Float64Array): Matrix | undefined {
    return this.#system.transitionJacobian(state, this.from, this.to);
  }
}

/** h at one time, as a mapping; angles as the images nearest to those in the middle, so that they have differences and means. */
export class Observation implements Mapping {
  readonly states: number;
  readonly size: number;
  readonly #system: CheckedSystem;
  readonly #middle: Float64Array;
  #reading: ArrayLike<number> = [];
  at = 0;

  constructor(system: CheckedSystem) {
    this.#system = system;
    this.states = system.states;
    this.size = system.outputs;
    this.#middle = new Float64Array(system.outputs);
  }

  /**
   * @param mean the state around which lines will be drawn.
   * @param reading the one they are for: outputs that it misses are not looked at.
   */
  lookFrom(mean: Float64Array, reading: ArrayLike<number>): void {
    this.#reading = reading;
    if (this.#system.periods) this.#system.observe(mean, this.at, this.#middle, reading);
  }

  evaluate(state: Float64Array, out: Float64Array): void {
    this.#system.observe(state, this.at, out, this.#reading);
    if (this.#system.periods) unwrap(out, this.#middle, this.#system.periods);
  }

  jacobian(state: Float64Array): Matrix | undefined {
    return this.#system.observationJacobian(state, this.at, this.#reading);
  }
}

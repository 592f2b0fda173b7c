import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { CheckedSystem } from "./checked-system.ts";
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

/** h at one time, as a mapping. */
export class Observation implements Mapping {
  readonly states: number;
  readonly size: number;
  readonly #system: CheckedSystem;
  at = 0;

  constructor(system: CheckedSystem) {
    this.#system = system;
    this.states = system.states;
    this.size = system.outputs;
  }

  evaluate(state: Float64Array, out: Float64Array): void {
    this.#system.observe(state, this.at, out);
  }

  jacobian(state: Float64Array): Matrix | undefined {
    return this.#system.observationJacobian(state, this.at);
  }
}

import { INERTIA, RADIUS } from "./line-constants.ts";
import { intoSystem, type LineInput, stepEquations } from "./line-equations.ts";
import {
  DANCER_ANGLE,
  DANCER_RATE,
  LineState,
  SPAN_COUNT,
  speedAt,
  tensionAt,
  UNKNOWNS,
  UNWIND_FLOW,
} from "./line-state.ts";
import { LinearSystem } from "./linear-system.ts";

const MOST_CORRECTIONS = 40;
const MOST_HALVINGS = 12;
/** A correction this small, in units of `unit`, ends the iteration: 1e-8 N, 1e-9 rad/s, 1e-12 m/s. */
const CONVERGED = 1e-8;

/** What counts as one unit of an unknown: 1 N, 0.1 rad/s, 1e-4 m/s (the slip limit), 1e-3 rad and rad/s. */
const unitOf = (unknown: number): number => {
  if (unknown < SPAN_COUNT) return 1;
  if (unknown < speedAt(1)) return 1e-4;
  if (unknown < DANCER_ANGLE) return 0.1;
  return 1e-3;
};
const UNITS: readonly number[] = Array.from({ length: UNKNOWNS }, (_, unknown) => unitOf(unknown));

/**
 * Size of each equation's residual that would move a tension by about 1 N, so that the sum of squares weighs all alike.
 */
function residualUnit(row: number, h: number): number {
  if (row <= tensionAt(SPAN_COUNT)) return 2.5e-6 + h * 1e-6;
  if (row >= UNWIND_FLOW && row < speedAt(1)) return 1;
  if (row < DANCER_ANGLE) return h * RADIUS + INERTIA * 0.1;
  return row === DANCER_RATE ? h * 0.4 + 1e-3 : 1e-3 * (1 + h);
}

function residualSize(now: LineState, old: LineState, h: number, input: LineInput): number {
  let sum = 0;
  stepEquations(now, old, h, input, (row, residual) => {
    sum += (residual / residualUnit(row, h)) ** 2;
  });
  return sum;
}

/** Backward Euler by damped Newton. Keeps its matrix between steps. */
export class ImplicitStep {
  readonly #system: LinearSystem = new LinearSystem(UNKNOWNS);
  readonly #correction: LineState = new LineState();

  /** The state after a step of `h` seconds, begun at `guess`; `undefined` when the iteration does not converge. */
  take(old: LineState, guess: LineState, h: number, input: LineInput): LineState | undefined {
    let now = guess;
    let size = residualSize(now, old, h, input);
    for (let count = 0; count < MOST_CORRECTIONS; count += 1) {
      this.#system.clear();
      stepEquations(now, old, h, input, intoSystem(this.#system));
      this.#system.solve(this.#correction.values);
      const change = this.#changeSize();
      const next = this.#damped(now, size, (candidate) => residualSize(candidate, old, h, input));
      if (next === undefined) return change < 1e3 * CONVERGED ? now : undefined;
      now = next.state;
      size = next.size;
      if (change < CONVERGED) return now;
    }
    return undefined;
  }

  /** The correction whole, or halved until the residual falls. */
  #damped(
    now: LineState,
    size: number,
    measure: (state: LineState) => number,
  ): { state: LineState; size: number } | undefined {
    let part = 1;
    for (let halving = 0; halving <= MOST_HALVINGS; halving += 1) {
      const state = this.#plus(now, part);
      const found = measure(state);
      if (found < size || found < 1e-16) return { state, size: found };
      part /= 2;
    }
    return undefined;
  }

  #plus(now: LineState, part: number): LineState {
    const values = now.values.map((value, unknown) => value + part * this.#correction.get(unknown));
    return new LineState(values);
  }

  #changeSize(): number {
    return UNITS.reduce(
      (most, unit, unknown) => Math.max(most, Math.abs(this.#correction.get(unknown)) / unit),
      0,
    );
  }
}

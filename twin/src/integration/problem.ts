import { checkedChoice } from "../choice.ts";
import { TwinError } from "../errors.ts";
import { entry, shapeError } from "../linear-algebra/matrix.ts";
import type { OdeEvent } from "./events.ts";
import { Tolerance } from "./tolerance.ts";

export interface IntegrationOptions {
  /** "auto", the default, begins explicit and turns stiff for good once stability has bounded the step. */
  readonly method?: "explicit" | "stiff" | "auto";
  /** Of each state or of all; default 1e-6. */
  readonly relativeTolerance?: number | ArrayLike<number>;
  /** In the units of the states; default 1e-9. Choose it well below the smallest value that matters. */
  readonly absoluteTolerance?: number | ArrayLike<number>;
  readonly initialStep?: number;
  readonly maxStep?: number;
  /** Attempts, rejected ones included; default 100,000. */
  readonly maxSteps?: number;
  /** Default 10,000. */
  readonly maxEvents?: number;
  /**
   * Strictly increasing times at which the derivative jumps. The solver lands on each and begins anew behind it; until
   * then it calls f at earlier times only, so that an input may simply hold from its own time on.
   */
  readonly discontinuities?: ArrayLike<number>;
  readonly events?: readonly OdeEvent[];
}

export interface InitialValueProblem extends IntegrationOptions {
  readonly start: number;
  /** x at `start`, n. */
  readonly initial: ArrayLike<number>;
  /** When x is wanted: strictly increasing, none before `start`. */
  readonly times: ArrayLike<number>;
}

/** A stretch without a known discontinuity inside. */
export interface Leg {
  readonly end: number;
  /** The latest time at which f may be called. */
  readonly horizon: number;
}

/** A problem that has been checked, with its defaults. */
export interface Plan {
  readonly method: "explicit" | "stiff" | "auto";
  readonly start: number;
  readonly initial: Float64Array;
  readonly times: Float64Array;
  readonly legs: readonly Leg[];
  readonly tolerance: Tolerance;
  readonly initialStep: number | undefined;
  readonly maxStep: number;
  readonly maxSteps: number;
  readonly maxEvents: number;
  readonly events: readonly OdeEvent[];
}

/** @throws {TwinError} BAD_SHAPE, BAD_SERIES or BAD_OPTION, with the value. */
export function planned(size: number, problem: InitialValueProblem): Plan {
  const { method = "auto", start, relativeTolerance = 1e-6, absoluteTolerance = 1e-9 } = problem;
  checkedChoice(method, ["explicit", "stiff", "auto"], "the method");
  for (const { id, direction = "both" } of problem.events ?? [])
    checkedChoice(direction, ["rising", "falling", "both"], `the direction of event ${id}`);
  const times = increasing("times", problem.times);
  if (times.length === 0) throw badSeries("there are no times", "at least one");
  if (!(Number.isFinite(start) && start <= entry(times, 0)))
    throw badSeries(`the start is ${start}`, `a time not after the first one asked for, ${times[0]}`);
  return {
    method,
    start,
    initial: finiteState(size, problem.initial),
    times,
    legs: legs(
      start,
      entry(times, times.length - 1),
      increasing("discontinuities", problem.discontinuities ?? []),
    ),
    tolerance: new Tolerance(size, relativeTolerance, absoluteTolerance),
    initialStep: problem.initialStep === undefined ? undefined : positive("initialStep", problem.initialStep),
    maxStep: positive("maxStep", problem.maxStep ?? Number.POSITIVE_INFINITY),
    maxSteps: positive("maxSteps", problem.maxSteps ?? 100_000),
    maxEvents: positive("maxEvents", problem.maxEvents ?? 10_000),
    events: problem.events ?? [],
  };
}

function legs(start: number, last: number, discontinuities: Float64Array): Leg[] {
  const jumps = discontinuities.filter((time) => time > start && time <= last);
  const found = Array.from(jumps, (end) => ({ end, horizon: justBefore(end) }));
  return jumps.at(-1) === last || last === start ? found : [...found, { end: last, horizon: last }];
}

/** The largest double below a finite one. */
function justBefore(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(value).buffer);
  bits[0] = (bits[0] as bigint) + (value > 0 ? -1n : 1n);
  return new Float64Array(bits.buffer)[0] as number;
}

function finiteState(size: number, given: ArrayLike<number>): Float64Array {
  const state = Float64Array.from(given);
  if (state.length !== size) throw shapeError(`an initial state of ${state.length}`, `${size} states`);
  const bad = state.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw badSeries(`initial state ${bad} is ${state[bad]}`, "a finite number");
  return state;
}

function increasing(name: string, given: ArrayLike<number>): Float64Array {
  const times = Float64Array.from(given);
  for (let index = 0; index < times.length; index++) {
    const time = entry(times, index);
    if (Number.isFinite(time) && (index === 0 || time > entry(times, index - 1))) continue;
    throw badSeries(
      `${name}[${index}] is ${time} after ${times[index - 1]}`,
      "finite, strictly increasing times",
    );
  }
  return times;
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new TwinError(
    "BAD_OPTION",
    `${name} is ${value}`,
    "expected a positive number, or none for the default",
  );
}

const badSeries = (found: string, expected: string): TwinError =>
  new TwinError("BAD_SERIES", found, `expected ${expected}`);

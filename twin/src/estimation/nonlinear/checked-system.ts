import { TwinError } from "../../errors.ts";
import { cholesky } from "../../linear-algebra/cholesky.ts";
import { firstNonFinite, requireFinite } from "../../linear-algebra/finite.ts";
import { type Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import { requireSymmetric } from "../../linear-algebra/symmetric.ts";
import type { Gaussian } from "../gaussian.ts";
import { type Periods, requirePeriods } from "./circles.ts";
import type { StochasticSystem } from "./system.ts";

/** The belief that a filter starts from, x ~ N(mean, covariance) at time `at`: before any reading, the one at `at` included. */
export interface Start extends Gaussian {
  readonly at: number;
}

/**
 * A system whose every answer is looked at: shapes once, values at each call, so that no filter computes on with NaN.
 * @throws {TwinError} from the constructor: BAD_SHAPE, BAD_OPTION, NOT_FINITE, NOT_SYMMETRIC, NOT_POSITIVE_DEFINITE; from calls:
 *   MODEL_FAILED with the state that the model was asked about, BAD_SHAPE.
 */
export class CheckedSystem {
  readonly states: number;
  readonly outputs: number;
  readonly observationNoise: Matrix;
  readonly periods: Periods | undefined;
  readonly #system: StochasticSystem;

  constructor(system: StochasticSystem) {
    requireCount(system.states, "states");
    requireCount(system.outputs, "outputs");
    requireCovariance(system.observationNoise, system.outputs, "the observation noise R");
    if (system.periods) requirePeriods(system.periods, system.outputs);
    this.states = system.states;
    this.outputs = system.outputs;
    this.observationNoise = system.observationNoise.copy();
    this.periods = system.periods?.slice();
    this.#system = system;
  }

  /** Writes f(state; from, to) into `out`. */
  advance(state: Float64Array, from: number, to: number, out: Float64Array): void {
    out.fill(Number.NaN);
    try {
      this.#system.advance(state, from, to, out);
    } catch (cause) {
      throw modelThrew(`advance from ${from} to ${to}`, state, cause);
    }
    if (!isFiniteVector(out)) throw modelGave(`advance from ${from} to ${to}`, state, out);
  }

  /** Writes h(state, at) into `out`: 0 for what `reading` misses, where the model need not know. */
  observe(state: Float64Array, at: number, out: Float64Array, reading?: ArrayLike<number>): void {
    out.fill(Number.NaN);
    try {
      this.#system.observe(state, at, out);
    } catch (cause) {
      throw modelThrew(`observe at ${at}`, state, cause);
    }
    if (reading)
      for (let output = 0; output < out.length; output++) if (Number.isNaN(reading[output])) out[output] = 0;
    if (!isFiniteVector(out)) throw modelGave(`observe at ${at}`, state, out);
  }

  /** Q(from, to): shape, finiteness and symmetry are checked here; definiteness where it is factored. */
  processNoise(from: number, to: number): Matrix {
    const noise = this.#system.processNoise(from, to);
    requireSquare(noise, this.states, "the process noise Q");
    requireSymmetric(noise, "the process noise Q");
    return noise;
  }

  /** ∂f/∂x; undefined when the system has none. */
  transitionJacobian(state: Float64Array, from: number, to: number): Matrix | undefined {
    const system = this.#system;
    if (!system.transitionJacobian) return undefined;
    const call = `transitionJacobian from ${from} to ${to}`;
    const run = (): Matrix | undefined => system.transitionJacobian?.(state, from, to);
    return this.#jacobian(call, state, run, this.states);
  }

  /** ∂h/∂x, rows of 0 for what `reading` misses; undefined when the system has none. */
  observationJacobian(state: Float64Array, at: number, reading?: ArrayLike<number>): Matrix | undefined {
    const system = this.#system;
    if (!system.observationJacobian) return undefined;
    const run = (): Matrix | undefined => {
      const jacobian = system.observationJacobian?.(state, at);
      return reading && jacobian?.rows === reading.length ? withoutMissing(jacobian, reading) : jacobian;
    };
    return this.#jacobian(`observationJacobian at ${at}`, state, run, this.outputs);
  }

  #jacobian(
    call: string,
    state: Float64Array,
    run: () => Matrix | undefined,
    rows: number,
  ): Matrix | undefined {
    let jacobian: Matrix | undefined;
    try {
      jacobian = run();
    } catch (cause) {
      throw modelThrew(call, state, cause);
    }
    if (jacobian?.rows !== rows || jacobian.columns !== this.states)
      throw shapeError(
        `${call} gave ${jacobian?.rows} × ${jacobian?.columns}`,
        `${rows} × ${this.states}: one row per value, one column per state`,
      );
    if (!isFiniteVector(jacobian.data)) throw modelGave(call, state, jacobian.data);
    return jacobian;
  }
}

function withoutMissing(jacobian: Matrix, reading: ArrayLike<number>): Matrix {
  const kept = jacobian.copy();
  for (let output = 0; output < kept.rows; output++)
    if (Number.isNaN(reading[output]))
      for (let state = 0; state < kept.columns; state++) kept.set(output, state, 0);
  return kept;
}

/** @throws {TwinError} unless `start` is a proper belief about `states` states at a finite time. */
export function requireStart({ at, mean, covariance }: Start, states: number): void {
  if (!Number.isFinite(at))
    throw new TwinError(
      "NOT_FINITE",
      `the start is at time ${at}`,
      "expected the finite time at which the start belief holds",
    );
  if (mean.length !== states)
    throw shapeError(`a start mean of ${mean.length} for ${states} states`, `${states} entries`);
  requireFinite(mean, "the start mean");
  requireCovariance(covariance, states, "the start covariance");
}

/** @throws {TwinError} OUT_OF_ORDER when `to` lies before `at` or is not a finite number. */
export function requireOrder(at: number, to: number): void {
  if (to >= at && to < Number.POSITIVE_INFINITY) return;
  throw new TwinError(
    "OUT_OF_ORDER",
    `the belief is at time ${at} and was asked for time ${to}`,
    "expected a finite time not before the belief's: sort the readings by time, and filter again from an earlier belief when one comes late",
  );
}

/** @throws {TwinError} BAD_SHAPE, BAD_READING. */
export function requireReading(reading: ArrayLike<number>, outputs: number): void {
  if (reading.length !== outputs)
    throw shapeError(
      `a reading of ${reading.length} values for ${outputs} outputs`,
      `${outputs} values, NaN where one is missing`,
    );
  for (let index = 0; index < outputs; index++) {
    const value = reading[index];
    if (typeof value === "number" && Math.abs(value) !== Number.POSITIVE_INFINITY) continue;
    throw new TwinError(
      "BAD_READING",
      `output ${index} of the reading is ${value}`,
      "expected a finite number, or NaN when the value is missing",
    );
  }
}

/** @throws {TwinError} BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC, NOT_POSITIVE_DEFINITE (with the pivot). */
function requireCovariance(covariance: Matrix, size: number, name: string): void {
  requireSquare(covariance, size, name);
  requireSymmetric(covariance, name);
  try {
    cholesky(covariance);
  } catch (cause) {
    throw new TwinError(
      "NOT_POSITIVE_DEFINITE",
      `${name} is not positive definite: ${cause instanceof Error ? cause.message : cause}`,
      "expected a covariance with positive eigenvalues: give every state and every output a variance above zero, and correlations inside (−1, 1)",
      { cause },
    );
  }
}

function requireSquare(matrix: Matrix, size: number, name: string): void {
  if (matrix.rows !== size || matrix.columns !== size)
    throw shapeError(`${name} is ${matrix.rows} × ${matrix.columns}`, `${size} × ${size}`);
}

function requireCount(count: number, name: string): void {
  if (!Number.isSafeInteger(count) || count < 1)
    throw shapeError(`a system of ${count} ${name}`, "a whole number from 1 on");
}

/** Without a branch for each value: 0 · x is NaN for the values that are not finite. */
export function isFiniteVector(values: Float64Array): boolean {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += 0 * (values[index] as number);
  return sum === 0;
}

const AFTER_A_FAILURE =
  "the belief is unchanged: widen the model's domain, transform the state so that every value is allowed, or take a filter that draws no points so far out";

function modelGave(call: string, state: Float64Array, out: Float64Array): TwinError {
  const index = firstNonFinite(out);
  return new TwinError(
    "MODEL_FAILED",
    `${call} gave ${out[index]} for value ${index} at the state (${state.join(", ")})`,
    AFTER_A_FAILURE,
  );
}

const modelThrew = (call: string, state: Float64Array, cause: unknown): TwinError =>
  new TwinError(
    "MODEL_FAILED",
    `${call} threw at the state (${state.join(", ")}): ${cause instanceof Error ? cause.message : cause}`,
    AFTER_A_FAILURE,
    { cause },
  );

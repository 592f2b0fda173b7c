import { TwinError } from "../errors.ts";
import { requireFinite } from "./finite.ts";
import { Matrix, shapeError } from "./matrix.ts";
import { pass1 } from "./one-state.ts";
import type { SmallSums, SmallWork } from "./small-work.ts";
import { pass3 } from "./three-states.ts";
import { pass2 } from "./two-states.ts";
import { unitFactor } from "./unit-factor.ts";

/**
 * A linear model of n = 1, 2 or 3 states and one output, over a series of readings:
 *
 *     y_t = zᵀ x_t + v, v ~ N(0, r)            x_{t+1} = F_k x_t + w, w ~ N(0, Q_k), k = steps[t]
 *
 * Matrices are row-major arrays of n² numbers: of regular steps there is one pair (F, Q), of irregular ones as many as there
 * are different intervals, or as there are steps.
 */
export interface SmallModel {
  readonly transitions: readonly ArrayLike<number>[];
  readonly noises: readonly ArrayLike<number>[];
  /** z; its length is n. */
  readonly observation: ArrayLike<number>;
  /** r > 0. */
  readonly observationVariance: number;
  /** E[x] and Cov[x] just before the first reading: no step is taken before it, nor after the last one. */
  readonly mean: ArrayLike<number>;
  readonly covariance: ArrayLike<number>;
}

/** Room for what is wanted of every reading t; what is absent costs nothing. */
export interface SmallRecord {
  /** E[x_t | y_0 … y_t], n each. */
  readonly means?: Float64Array;
  /** Cov[x_t | y_0 … y_t], n² each. */
  readonly covariances?: Float64Array;
  /** v = y − E[y | before], NaN where the reading is missing; f = Var[y | before], NaN too. */
  readonly innovations?: Float64Array;
  readonly innovationVariances?: Float64Array;
}

export interface SmallPass {
  /** Σ ln N(v; 0, f), full constants, over the readings that are present. */
  readonly logLikelihood: number;
  /** Σ v²/f, and the number of readings present: a variance that scales all others is their ratio. */
  readonly squares: number;
  readonly present: number;
  /** Belief after the last reading. */
  readonly mean: Float64Array;
  /** n², row-major. */
  readonly covariance: Float64Array;
}

/** By number of states. */
const PASSES: readonly ((work: SmallWork) => SmallSums)[] = [pass1, pass2, pass3];
const LOG_TWO_PI = Math.log(2 * Math.PI);

/**
 * The Kalman filter over a whole series in unrolled arithmetic: exact, by U D Uᵀ recursions (no square roots, no loss of
 * definiteness), tens of nanoseconds a reading, nothing allocated between readings.
 *
 * @param readings y; NaN = missing.
 * @param steps k for the interval after each reading but the last; absent: the only pair there is.
 * @throws {TwinError} BAD_SHAPE; NOT_FINITE; BAD_VARIANCE; BAD_READING; NOT_POSITIVE_SEMIDEFINITE of a start or noise covariance.
 * @see Bierman (1977), Factorization Methods for Discrete Sequential Estimation, §V.3 and §VI.4.
 */
export function smallFilter(
  model: SmallModel,
  readings: Float64Array,
  steps?: ArrayLike<number>,
  record: SmallRecord = {},
): SmallPass {
  const size = checkModel(model);
  checkSeries(model, readings, steps);
  checkRecord(record, readings.length, size);
  const state = new Float64Array(2 + 2 * size + (size * (size - 1)) / 2);
  state.set(Array.from(model.mean), 2);
  state.set(packed(model.covariance, size), 2 + size);
  const recording = Object.values(record).length > 0;
  const work: SmallWork = {
    state,
    row: Float64Array.from(model.observation),
    variance: model.observationVariance,
    transitions: model.transitions.map((block) => Float64Array.from(block)),
    noises: model.noises.map((block) => packed(block, size)),
    readings,
    steps,
    keep: recording ? (t, seen) => keep(record, t, state, size, seen) : undefined,
  };
  const { squares, present, logs } = (PASSES[size - 1] as (typeof PASSES)[0])(work);
  const covariance = new Float64Array(size * size);
  unpack(state, size, covariance, 0);
  return {
    logLikelihood: -0.5 * (logs + squares + present * LOG_TWO_PI),
    squares,
    present,
    mean: state.slice(2, 2 + size),
    covariance,
  };
}

function keep(record: SmallRecord, t: number, state: Float64Array, size: number, seen: boolean): void {
  const { means, covariances, innovations, innovationVariances } = record;
  if (means !== undefined)
    for (let index = 0; index < size; index++) means[t * size + index] = state[2 + index] as number;
  if (covariances !== undefined) unpack(state, size, covariances, t * size * size);
  if (innovations !== undefined) innovations[t] = seen ? (state[0] as number) : Number.NaN;
  if (innovationVariances !== undefined) innovationVariances[t] = seen ? (state[1] as number) : Number.NaN;
}

/** D, then the strict upper triangle of U by rows. */
function packed(covariance: ArrayLike<number>, size: number): Float64Array {
  const { unit, diagonal } = unitFactor(new Matrix(size, size, Float64Array.from(covariance)));
  const upper = [];
  for (let row = 0; row < size; row++)
    for (let column = row + 1; column < size; column++) upper.push(unit.get(row, column));
  return Float64Array.of(...diagonal, ...upper);
}

/** U D Uᵀ out of a state into `out` from `at` on. */
function unpack(state: Float64Array, size: number, out: Float64Array, at: number): void {
  const entry = (row: number, column: number): number => {
    if (row === column) return 1;
    const position = row * size - (row * (row + 1)) / 2 + column - row - 1;
    return state[2 + 2 * size + position] as number;
  };
  for (let row = 0; row < size; row++) {
    for (let column = row; column < size; column++) {
      let sum = 0;
      for (let inner = column; inner < size; inner++)
        sum += entry(row, inner) * (state[2 + size + inner] as number) * entry(column, inner);
      out[at + row * size + column] = sum;
      out[at + column * size + row] = sum;
    }
  }
}

function checkModel(model: SmallModel): number {
  const size = model.observation.length;
  if (size < 1 || size > 3) throw shapeError(`an observation row of ${size}`, "1, 2 or 3 states");
  if (model.mean.length !== size) throw shapeError(`a mean of ${model.mean.length}`, `${size} entries`);
  if (model.transitions.length !== model.noises.length || model.noises.length === 0)
    throw shapeError(
      `${model.transitions.length} transitions and ${model.noises.length} noises`,
      "equally many, at least one",
    );
  for (const block of [model.covariance, ...model.transitions, ...model.noises]) {
    if (block.length !== size * size)
      throw shapeError(`a block of ${block.length} entries`, `${size * size} entries, row by row`);
    requireFinite(block, "a matrix of the model");
  }
  requireFinite(model.mean, "the start mean");
  requireFinite(model.observation, "the observation row");
  if (!(model.observationVariance > 0 && model.observationVariance < Number.POSITIVE_INFINITY))
    throw new TwinError(
      "BAD_VARIANCE",
      `the variance of a reading is ${model.observationVariance}`,
      "expected a finite number above 0: no sensor is exact",
    );
  return size;
}

function checkSeries(model: SmallModel, readings: Float64Array, steps: ArrayLike<number> | undefined): void {
  const infinite = readings.findIndex((reading) => Math.abs(reading) === Number.POSITIVE_INFINITY);
  if (infinite >= 0)
    throw new TwinError(
      "BAD_READING",
      `reading ${infinite} is ${readings[infinite]}`,
      "expected finite readings; NaN marks one that is missing",
    );
  if (steps === undefined) return;
  if (steps.length < readings.length - 1)
    throw shapeError(`${steps.length} steps between ${readings.length} readings`, "one less than readings");
  for (let t = 0; t < readings.length - 1; t++)
    if (!(Number.isInteger(steps[t]) && model.transitions[steps[t] as number] !== undefined))
      throw shapeError(`step ${t} of kind ${steps[t]}`, `an index below ${model.transitions.length}`);
}

function checkRecord(record: SmallRecord, count: number, size: number): void {
  const sizes = { means: size, covariances: size * size, innovations: 1, innovationVariances: 1 };
  for (const [name, each] of Object.entries(sizes) as [keyof SmallRecord, number][]) {
    const room = record[name];
    if (room !== undefined && room.length !== count * each)
      throw shapeError(`room for ${room.length} ${name}`, `${count * each}`);
  }
}

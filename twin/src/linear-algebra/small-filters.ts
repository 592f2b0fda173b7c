import { TwinError } from "../errors.ts";
import { allFinite, requireFinite } from "./finite.ts";
import { Matrix, shapeError } from "./matrix.ts";
import { run1 } from "./one-state.ts";
import { HEAD, type Run, type SmallWork } from "./small-work.ts";
import { run3 } from "./three-states.ts";
import { run2 } from "./two-states.ts";
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
const RUNS: readonly Run[] = [run1, run2, run3];
const IDENTITIES: readonly Float64Array[] = [0, 1, 2, 3].map((size) => Matrix.identity(size).data);
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
  checkSteps(model, readings.length, steps);
  const recording = Object.values(record).length > 0;
  if (recording) checkRecord(record, readings.length, size);
  const state = startState(model, size);
  const work: SmallWork = {
    state,
    row: new Float64Array(model.observation),
    variance: model.observationVariance,
    // The last pair stands for the step that is not taken before the first reading.
    transitions: [
      ...model.transitions.map((block) => new Float64Array(block)),
      IDENTITIES[size] as Float64Array,
    ],
    noises: [...model.noises.map((block) => packed(block, size)), new Float64Array(packedSize(size))],
    readings,
  };
  runAll(work, steps, recording ? (t) => keep(record, t, state, size) : undefined);
  return summary(work);
}

/** Stretches of equal steps, or single readings where something is kept of each. */
function runAll(
  work: SmallWork,
  steps: ArrayLike<number> | undefined,
  keepReading: ((t: number) => void) | undefined,
): void {
  const count = work.readings.length;
  const run = RUNS[work.row.length - 1] as Run;
  const stepBefore = (t: number): number =>
    t === 0 ? work.transitions.length - 1 : ((steps?.[t - 1] ?? 0) as number);
  for (let from = 0; from < count; ) {
    const step = stepBefore(from);
    let to = from + 1;
    if (keepReading === undefined && from > 0)
      if (steps === undefined) to = count;
      else while (to < count && stepBefore(to) === step) to++;
    run(work, step, from, to);
    keepReading?.(from);
    from = to;
  }
}

function summary({ state, row, readings }: SmallWork): SmallPass {
  const size = row.length;
  const [squares, logs, product, present] = state as unknown as [number, number, number, number];
  const logDeterminants = logs + Math.log(product);
  if (!Number.isFinite(squares + logDeterminants) || !allFinite(state.subarray(HEAD)))
    throw notFinite(readings);
  const covariance = new Float64Array(size * size);
  unpack(state, size, covariance, 0);
  return {
    logLikelihood: 0 - 0.5 * (logDeterminants + squares + present * LOG_TWO_PI),
    squares,
    present,
    mean: state.slice(HEAD, HEAD + size),
    covariance,
  };
}

function keep(record: SmallRecord, t: number, state: Float64Array, size: number): void {
  const { means, covariances, innovations, innovationVariances } = record;
  const innovation = state[HEAD - 2] as number;
  if (means !== undefined)
    for (let index = 0; index < size; index++) means[t * size + index] = state[HEAD + index] as number;
  if (covariances !== undefined) unpack(state, size, covariances, t * size * size);
  if (innovations !== undefined) innovations[t] = innovation;
  if (innovationVariances !== undefined)
    innovationVariances[t] = Number.isNaN(innovation) ? Number.NaN : (state[HEAD - 1] as number);
}

function startState({ mean, covariance }: SmallModel, size: number): Float64Array {
  const state = new Float64Array(HEAD + size + packedSize(size));
  // Σ ln f is kept as the logarithm of a product, and no reading has been seen.
  state[2] = 1;
  state.fill(Number.NaN, HEAD - 2, HEAD);
  state.set(mean, HEAD);
  state.set(packed(covariance, size), HEAD + size);
  return state;
}

const packedSize = (size: number): number => (size * (size + 1)) / 2;

/** D, then the strict upper triangle of U by rows. */
function packed(covariance: ArrayLike<number>, size: number): Float64Array {
  const { unit, diagonal } = unitFactor(new Matrix(size, size, new Float64Array(covariance)));
  const result = new Float64Array(packedSize(size));
  result.set(diagonal);
  let place = size;
  for (let row = 0; row < size; row++)
    for (let column = row + 1; column < size; column++) result[place++] = unit.get(row, column);
  return result;
}

/** U D Uᵀ out of a state into `out` from `at` on. */
function unpack(state: Float64Array, size: number, out: Float64Array, at: number): void {
  const entry = (row: number, column: number): number => {
    if (row === column) return 1;
    const position = row * size - (row * (row + 1)) / 2 + column - row - 1;
    return state[HEAD + 2 * size + position] as number;
  };
  for (let row = 0; row < size; row++) {
    for (let column = row; column < size; column++) {
      let sum = 0;
      for (let inner = column; inner < size; inner++)
        sum += entry(row, inner) * (state[HEAD + size + inner] as number) * entry(column, inner);
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

function checkSteps(model: SmallModel, count: number, steps: ArrayLike<number> | undefined): void {
  if (steps === undefined) return;
  if (steps.length < count - 1)
    throw shapeError(`${steps.length} steps between ${count} readings`, "one less than readings");
  for (let t = 0; t < count - 1; t++)
    if (!(Number.isInteger(steps[t]) && model.transitions[steps[t] as number] !== undefined))
      throw shapeError(`step ${t} of kind ${steps[t]}`, `an index below ${model.transitions.length}`);
}

/** Infinite readings are looked for only when they have shown: a scan would cost as much as the filter. */
function notFinite(readings: Float64Array): TwinError {
  const infinite = readings.findIndex((reading) => Math.abs(reading) === Number.POSITIVE_INFINITY);
  if (infinite >= 0)
    return new TwinError(
      "BAD_READING",
      `reading ${infinite} is ${readings[infinite]}`,
      "expected finite readings; NaN marks one that is missing",
    );
  return new TwinError(
    "OVERFLOW",
    "the belief left double precision on the way",
    "expected transitions that do not grow without bound between readings",
  );
}

function checkRecord(record: SmallRecord, count: number, size: number): void {
  const sizes = { means: size, covariances: size * size, innovations: 1, innovationVariances: 1 };
  for (const [name, each] of Object.entries(sizes) as [keyof SmallRecord, number][]) {
    const room = record[name];
    if (room !== undefined && room.length !== count * each)
      throw shapeError(`room for ${room.length} ${name}`, `${count * each}`);
  }
}

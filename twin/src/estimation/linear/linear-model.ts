import { TwinError } from "../../errors.ts";
import { Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import {
  checkedPositive,
  type MatrixLike,
  matrixOf,
  unitDirections,
  type VectorLike,
  vectorOf,
} from "./arrays.ts";
import { guardedModel } from "./guarded-model.ts";
import type { LinearModel, Observation, Start, Transition } from "./model.ts";
import { checkStart, ModelChecks } from "./model-checks.ts";
import { inWholeSteps, wholeSteps } from "./travel.ts";

/** A model in matrices, from one step to the next. */
export interface ModelMatrices {
  /** F, n × n. */
  readonly transition: MatrixLike;
  /** c: n numbers, or one row of n numbers per reading (row k leads to reading k). */
  readonly drift?: VectorLike | readonly VectorLike[];
  /** Q, n × n. */
  readonly processNoise: MatrixLike;
  /** Z, m × n; or one per reading. */
  readonly observation: MatrixLike | ((step: number) => Matrix);
  /** d: m numbers, or one row of m numbers per reading. */
  readonly offset?: VectorLike | readonly VectorLike[];
  /** R, m × m. */
  readonly observationNoise: MatrixLike;
  readonly start: StartMatrices;
  /** Time of one step; 1 when absent. */
  readonly step?: number;
}

export interface StartMatrices {
  /** "first reading" when absent. */
  readonly at?: number | "first reading";
  /** Zeros when absent. */
  readonly mean?: VectorLike;
  /** Zeros when absent. */
  readonly covariance?: MatrixLike;
  /** Indices of the diffuse states, "all", or directions, n × d. */
  readonly diffuse?: readonly number[] | "all" | Matrix;
}

/**
 * A linear model from its matrices, checked. Times must lie whole steps apart; a longer gap is several steps.
 *
 * @throws {TwinError} BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC, NOT_POSITIVE_SEMIDEFINITE; BAD_VALUE for a step that is not > 0; UNEVEN_STEP when it is used at
 *   other times; TOO_FEW_ROWS when there are more readings than rows of `drift` or `offset`.
 */
export function linearModel(matrices: ModelMatrices): LinearModel {
  const matrix = matrixOf(matrices.transition, "the transition");
  const noise = matrixOf(matrices.processNoise, "the process noise");
  const observationNoise = matrixOf(matrices.observationNoise, "the observation noise");
  const step = checkedPositive(matrices.step ?? 1, "the time of one step");
  const states = matrix.rows;
  const outputs = observationNoise.rows;
  const model: LinearModel = {
    states,
    outputs,
    start: startOf(matrices.start, states),
    transition: transitionsOf({ matrix, noise }, matrices.drift, step),
    observation: observationsOf(matrices, observationNoise),
  };
  checkStart(model);
  const checks = new ModelChecks(model);
  checks.transition(model.transition(step, 0));
  checks.observation(guardedModel(model).observation(0));
  return model;
}

/** @throws {TwinError} BAD_SHAPE, NOT_FINITE. */
export function startOf(start: StartMatrices, states: number): Start {
  const { at = "first reading", diffuse } = start;
  const mean = start.mean === undefined ? new Float64Array(states) : vectorOf(start.mean, "the start mean");
  const covariance =
    start.covariance === undefined
      ? new Matrix(states, states)
      : matrixOf(start.covariance, "the start covariance");
  if (diffuse === undefined) return { at, mean, covariance };
  if (diffuse instanceof Matrix) return { at, mean, covariance, diffuse };
  const indices = diffuse === "all" ? [...mean.keys()] : diffuse;
  const outside = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= states);
  if (outside !== undefined)
    throw shapeError(`diffuse state ${outside} of ${states}`, `indices from 0 to ${states - 1}`);
  return { at, mean, covariance, diffuse: unitDirections(states, indices) };
}

function transitionsOf(
  one: Transition,
  drift: ModelMatrices["drift"],
  length: number,
): LinearModel["transition"] {
  if (drift === undefined) return inWholeSteps(one, length);
  if (!isRows(drift)) return inWholeSteps({ ...one, drift: vectorOf(drift, "the drift") }, length);
  const rows = drift.map((row) => vectorOf(row, "the drift"));
  return (elapsed, step) => {
    const count = wholeSteps(elapsed, length);
    if (count !== 1)
      throw new TwinError(
        "UNEVEN_STEP",
        `reading ${step} comes ${count} steps after the one before, but the drift is given per reading`,
        "give every step a reading, NaN where it is missing",
      );
    return { ...one, drift: rowAt(rows, step, "drift") };
  };
}

function observationsOf(
  { observation, offset }: ModelMatrices,
  noise: Matrix,
): (step: number) => Observation {
  if (typeof observation !== "function" && !isRows(offset)) {
    const matrix = matrixOf(observation, "the observation");
    const always: Observation =
      offset === undefined ? { matrix, noise } : { matrix, noise, offset: vectorOf(offset, "the offset") };
    return () => always;
  }
  const matrixAt =
    typeof observation === "function" ? observation : constant(matrixOf(observation, "the observation"));
  if (offset === undefined) return (step) => ({ matrix: matrixAt(step), noise });
  if (!isRows(offset)) {
    const vector = vectorOf(offset, "the offset");
    return (step) => ({ matrix: matrixAt(step), noise, offset: vector });
  }
  const rows = offset.map((row) => vectorOf(row, "the offset"));
  return (step) => ({ matrix: matrixAt(step), noise, offset: rowAt(rows, step, "offset") });
}

const constant =
  <T>(value: T): (() => T) =>
  () =>
    value;

const isRows = (value: VectorLike | readonly VectorLike[] | undefined): value is readonly VectorLike[] =>
  Array.isArray(value) && typeof value[0] !== "number";

function rowAt(rows: readonly Float64Array[], step: number, name: string): Float64Array {
  const row = rows[step];
  if (row === undefined)
    throw new TwinError(
      "TOO_FEW_ROWS",
      `reading ${step} has no row of the ${name}, which has ${rows.length}`,
      `give the ${name} one row per reading`,
    );
  return row;
}

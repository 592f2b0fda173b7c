import { requireFinite } from "../../linear-algebra/finite.ts";
import { Matrix as Dense, type Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";
import type { LinearModel, Observation, Transition } from "./model.ts";

/** @throws {TwinError} BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC, NOT_POSITIVE_SEMIDEFINITE. */
export function checkStart({ states, outputs, start }: LinearModel): void {
  if (!Number.isInteger(states) || states < 1 || !Number.isInteger(outputs) || outputs < 1)
    throw shapeError(`a model of ${states} states and ${outputs} outputs`, "at least one of each");
  const { at, mean, covariance, diffuse } = start;
  if (mean.length !== states) throw shapeError(`a start mean of ${mean.length}`, `${states} states`);
  requireFinite(mean, "the start mean");
  requireShape(covariance, states, states, "the start covariance");
  semidefiniteFactor(covariance, "the start covariance");
  if (at !== "first reading") requireFinite([at], "the time of the start");
  if (diffuse === undefined) return;
  if (diffuse.rows !== states)
    throw shapeError(`diffuse directions of ${diffuse.rows} entries`, `${states} states`);
  requireFinite(diffuse, "the diffuse directions");
}

/** Checks what a model returns, once per object that it returns. */
export class ModelChecks {
  readonly #states: number;
  readonly #outputs: number;
  #transition: Transition | undefined;
  #observation: Observation | undefined;

  constructor({ states, outputs }: LinearModel) {
    this.#states = states;
    this.#outputs = outputs;
  }

  /** @throws {TwinError} BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC, NOT_POSITIVE_SEMIDEFINITE. */
  transition(transition: Transition): Transition {
    if (transition === this.#transition) return transition;
    const { matrix, drift, noise } = transition;
    requireShape(matrix, this.#states, this.#states, "the transition");
    requireFinite(matrix, "the transition");
    if (drift !== undefined) requireVector(drift, this.#states, "the drift");
    if (noise !== this.#transition?.noise) {
      requireShape(noise, this.#states, this.#states, "the process noise");
      semidefiniteFactor(noise, "the process noise");
    }
    this.#transition = transition;
    return transition;
  }

  observation(observation: Observation): Observation {
    if (observation === this.#observation) return observation;
    const { matrix, offset, noise } = observation;
    requireShape(matrix, this.#outputs, this.#states, "the observation");
    requireFinite(matrix, "the observation");
    if (offset !== undefined) requireVector(offset, this.#outputs, "the offset");
    if (noise !== this.#observation?.noise) {
      requireShape(noise, this.#outputs, this.#outputs, "the observation noise");
      semidefiniteFactor(noise, "the observation noise");
    }
    this.#observation = observation;
    return observation;
  }
}

function requireShape(matrix: Matrix, rows: number, columns: number, name: string): void {
  if (!(matrix instanceof Dense)) throw shapeError(`${name} is no Matrix`, "a Matrix: Matrix.from(rows)");
  if (matrix.rows !== rows || matrix.columns !== columns)
    throw shapeError(`${name} is ${matrix.rows} × ${matrix.columns}`, `${rows} × ${columns}`);
}

function requireVector(vector: Float64Array, size: number, name: string): void {
  if (vector.length !== size) throw shapeError(`${name} has ${vector.length} entries`, `${size}`);
  requireFinite(vector, name);
}

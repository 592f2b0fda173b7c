import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, multiply, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { type Random, seeded } from "../../../support/random.ts";
import type { LinearModel } from "../reference-kalman.ts";

const random = (rows: number, columns: number, dice: Random): Matrix =>
  new Matrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => dice.normal()),
  );

const positive = (size: number, dice: Random): Matrix => {
  const factor = random(size, size, dice);
  return symmetrise(plus(multiply(factor, factor.transpose()), Matrix.identity(size), 0.1));
};

const scaled = (matrix: Matrix, scale: number): Matrix =>
  new Matrix(
    matrix.rows,
    matrix.columns,
    matrix.data.map((value) => scale * value),
  );

export interface Problem {
  readonly model: LinearModel;
  readonly start: Start;
  readonly times: number[];
  readonly readings: number[][];
}

/** A random stable linear system and a series drawn from it: irregular times, a third of the values missing. */
export function problem(states: number, outputs: number, length: number, seed: number): Problem {
  const dice = seeded(seed);
  const turn = random(states, states, dice);
  const rate = positive(states, dice);
  const model: LinearModel = {
    transition: (from, to) => plus(Matrix.identity(states), scaled(turn, 0.04 * (to - from))),
    processNoise: (from, to) => scaled(rate, 0.05 * (to - from)),
    observation: random(outputs, states, dice),
    observationNoise: positive(outputs, dice),
  };
  const start: Start = { at: -1, mean: random(1, states, dice).data, covariance: positive(states, dice) };
  const draw = (covariance: Matrix): Float64Array =>
    timesVector(cholesky(covariance), random(1, covariance.rows, dice).data);
  const sum = (left: Float64Array, right: Float64Array): Float64Array =>
    left.map((value, index) => value + right[index]!);
  let truth = sum(start.mean, draw(start.covariance));
  let at = start.at;
  const times: number[] = [];
  const readings: number[][] = [];
  for (let step = 0; step < length; step++) {
    const next = at + 0.1 + dice.uniform();
    truth = sum(timesVector(model.transition(at, next), truth), draw(model.processNoise(at, next)));
    at = next;
    times.push(at);
    const reading = sum(timesVector(model.observation, truth), draw(model.observationNoise));
    readings.push(Array.from(reading, (value) => (dice.uniform() < 0.33 ? Number.NaN : value)));
  }
  return { model, start, times, readings };
}

export const largest = (left: ArrayLike<number>, right: ArrayLike<number>): number =>
  Math.max(...Array.from(left, (value, index) => Math.abs(value - right[index]!)));

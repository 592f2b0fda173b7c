import { smooth } from "@plumbline/twin/estimation/nonlinear/smoother";
import { cholesky, solveCholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, multiply, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { systemOf } from "../reference-kalman.ts";
import { GAUSSIAN_FILTERS } from "./filters.ts";
import { largest, type Problem, problem } from "./random-problem.ts";

interface Joint {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/** All states of a linear problem, the start's first, as one Gaussian before any reading. */
function priorOf({ model, start, times }: Problem): Joint {
  const states = start.mean.length;
  const size = states * (times.length + 1);
  const mean = new Float64Array(size);
  const prior = new Matrix(size, size);
  mean.set(start.mean);
  const block = (row: number, column: number, value: Matrix): void => {
    for (let i = 0; i < states; i++)
      for (let j = 0; j < states; j++) {
        prior.set(row * states + i, column * states + j, value.get(i, j));
        prior.set(column * states + j, row * states + i, value.get(i, j));
      }
  };
  const blockAt = (row: number, column: number): Matrix => {
    const value = new Matrix(states, states);
    for (let i = 0; i < states; i++)
      for (let j = 0; j < states; j++) value.set(i, j, prior.get(row * states + i, column * states + j));
    return value;
  };
  block(0, 0, start.covariance);
  for (const [step, time] of times.entries()) {
    const from = times[step - 1] ?? start.at;
    const transition = model.transition(from, time);
    mean.set(timesVector(transition, mean.subarray(step * states, (step + 1) * states)), (step + 1) * states);
    for (let column = 0; column <= step; column++)
      block(step + 1, column, multiply(transition, blockAt(step, column)));
    const moved = multiply(multiply(transition, blockAt(step, step)), transition.transpose());
    block(step + 1, step + 1, plus(moved, model.processNoise(from, time)));
  }
  return { mean, covariance: prior };
}

/** The same, conditioned on all readings in one piece. */
function batch(given: Problem): Joint {
  const { model, start, readings } = given;
  const states = start.mean.length;
  const { mean, covariance: prior } = priorOf(given);
  const size = mean.length;
  const seen = readings.flatMap((row, step) =>
    row.flatMap((value, output) => (Number.isNaN(value) ? [] : [{ step, output, value }])),
  );
  const design = new Matrix(seen.length, size);
  const noise = new Matrix(seen.length, seen.length);
  for (const [row, { step, output }] of seen.entries()) {
    for (let state = 0; state < states; state++)
      design.set(row, (step + 1) * states + state, model.observation.get(output, state));
    for (const [column, other] of seen.entries())
      if (other.step === step) noise.set(row, column, model.observationNoise.get(output, other.output));
  }
  const cross = multiply(design, prior);
  const factor = cholesky(symmetrise(plus(multiply(cross, design.transpose()), noise)));
  const foretold = timesVector(design, mean);
  const gap = new Matrix(
    seen.length,
    1,
    Float64Array.from(seen, ({ value }, row) => value - foretold[row]!),
  );
  const shift = timesVector(cross.transpose(), solveCholesky(factor, gap).data);
  return {
    mean: mean.map((value, index) => value + shift[index]!),
    covariance: plus(prior, multiply(cross.transpose(), solveCholesky(factor, cross)), -1),
  };
}

describe("the smoother on linear problems", () => {
  test.each(GAUSSIAN_FILTERS)(
    "rule: the smoother uses the predicted next state — with the %s filter it is batch least squares, lag-one covariances and the start included",
    (_name, make) => {
      for (const [states, outputs] of [
        [1, 1],
        [2, 1],
        [3, 2],
      ] as const) {
        const given = problem(states, outputs, 20, 50 + states);
        const smoothed = smooth(make(systemOf(given.model), given.start), given.times, given.readings);
        const exact = batch(given);
        const blockOf = (row: number, column: number): number[] =>
          Array.from({ length: states * states }, (_, index) =>
            exact.covariance.get(
              row * states + Math.floor(index / states),
              column * states + (index % states),
            ),
          );
        const meanOf = (row: number): Float64Array => exact.mean.subarray(row * states, (row + 1) * states);
        expect(largest(smoothed.start.mean, meanOf(0))).toBeLessThan(1e-10);
        expect(largest(smoothed.start.covariance.data, blockOf(0, 0))).toBeLessThan(1e-10);
        for (const step of given.times.keys()) {
          expect(largest(smoothed.means[step]!, meanOf(step + 1))).toBeLessThan(1e-10);
          expect(largest(smoothed.covariances[step]!.data, blockOf(step + 1, step + 1))).toBeLessThan(1e-10);
          expect(largest(smoothed.lagged[step]!.data, blockOf(step + 1, step))).toBeLessThan(1e-10);
        }
      }
    },
  );

  test("begins at the filter's own time when the first reading stands there", () => {
    const given = problem(2, 1, 10, 3);
    const [, make] = GAUSSIAN_FILTERS[0]!;
    const start = { ...given.start, at: given.times[0]! };
    const smoothed = smooth(make(systemOf(given.model), start), given.times, given.readings);
    expect(smoothed.start.mean).toEqual(smoothed.means[0]);
    expect(smoothed.lagged[0]).toEqual(smoothed.covariances[0]);
  });
});

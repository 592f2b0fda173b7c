import { kalmanFilter, logLikelihood } from "@plumbline/twin/estimation/linear/filter";
import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import { smooth, smoothFixedLag } from "@plumbline/twin/estimation/linear/smoother";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { type Case, denseSmoother, randomCase, relativeError } from "./dense.ts";

const LENGTH = 14;
const CASES: Case[] = [
  { states: 1, outputs: 1, diffuse: 0, seed: 1 },
  { states: 1, outputs: 1, diffuse: 1, seed: 2 },
  { states: 2, outputs: 1, diffuse: 2, seed: 3 },
  { states: 3, outputs: 2, diffuse: 1, seed: 4 },
  { states: 4, outputs: 3, diffuse: 4, seed: 5 },
  { states: 5, outputs: 1, diffuse: 3, seed: 6 },
  { states: 7, outputs: 2, diffuse: 7, seed: 37 },
  { states: 6, outputs: 4, diffuse: 0, seed: 8 },
];
const title = ({ states, outputs, diffuse }: Case) =>
  `${states} states, ${outputs} outputs, ${diffuse} diffuse directions`;

const block = (matrix: Matrix, states: number, row: number, column: number): Float64Array =>
  Float64Array.from({ length: states * states }, (_, index) =>
    matrix.get(row * states + Math.floor(index / states), column * states + (index % states)),
  );

describe("the smoother equals batch least squares", () => {
  for (const form of ["sequential", "ud", "square-root"] as const) {
    test.each(CASES.map((one) => [title(one), one] as const))(`form ${form}, %s`, (_title, one) => {
      const { model, times, rows } = randomCase(one, LENGTH);
      const dense = denseSmoother(model, times, rows);
      const filtered = kalmanFilter(model, { times, values: rows }, { form });
      expect(relativeError([filtered.logLikelihood], [dense.logLikelihood])).toBeLessThan(1e-9);
      expect(filtered.diffuseScalars).toBe(one.diffuse);
      const { states } = one;
      smooth(filtered).forEach(({ state, lagOne }, step) => {
        const mean = dense.mean.subarray(step * states, (step + 1) * states);
        expect(relativeError(state.mean, mean)).toBeLessThan(1e-8);
        expect(
          relativeError(state.covariance.data, block(dense.covariance, states, step, step)),
        ).toBeLessThan(1e-8);
        if (lagOne !== undefined)
          expect(relativeError(lagOne.data, block(dense.covariance, states, step, step - 1))).toBeLessThan(
            1e-8,
          );
      });
    });
  }

  test.each(CASES.map((one) => [title(one), one] as const))(
    "also with a fixed lag: each instant given the readings up to three steps later, %s",
    (_title, one) => {
      const { model, times, rows } = randomCase(one, LENGTH);
      const { states } = one;
      const fixed = smoothFixedLag(kalmanFilter(model, { times, values: rows }), 3);
      const from = one.diffuse; // Before, three more readings may not have seen every direction.
      for (let step = from; step < LENGTH; step++) {
        const until = Math.min(step + 4, LENGTH);
        const dense = denseSmoother(model, times.slice(0, until), rows.slice(0, until));
        expect(
          relativeError(fixed[step]!.mean, dense.mean.subarray(step * states, (step + 1) * states)),
        ).toBeLessThan(1e-8);
        expect(
          relativeError(fixed[step]!.covariance.data, block(dense.covariance, states, step, step)),
        ).toBeLessThan(1e-8);
      }
    },
  );

  test("and the noises it reports add up to what was read and how the state moved", () => {
    const { model, times, rows } = randomCase({ states: 3, outputs: 2, diffuse: 2, seed: 9 }, LENGTH);
    const smoothed = smooth(kalmanFilter(model, { times, values: rows }));
    for (let step = 1; step < LENGTH; step++) {
      const { matrix, drift } = model.transition(1, step);
      const before = smoothed[step - 1]!.state.mean;
      const moved = smoothed[step]!.state.mean.map((value, row) => {
        let rest = value - drift![row]!;
        for (let inner = 0; inner < 3; inner++) rest -= matrix.get(row, inner) * before[inner]!;
        return rest;
      });
      expect(relativeError(smoothed[step]!.stateNoise!.mean, moved)).toBeLessThan(1e-9);
    }
  });
});

test("a direction that no reading sees is told, and its variance stays infinite", () => {
  const model = linearModel({
    transition: [
      [1, 0],
      [0, 1],
    ],
    processNoise: Matrix.diagonal([1, 1]),
    observation: [[1, 0]],
    observationNoise: [[1]],
    start: { diffuse: "all" },
  });
  const filtered = kalmanFilter(model, { values: [1, 2, 3] });
  expect(filtered.unseenDirections).toBe(1);
  expect(logLikelihood(model, { values: [1, 2, 3] }).logLikelihood).toBe(filtered.logLikelihood);
  for (const { unseen } of smooth(filtered)) expect(Array.from(unseen!.data)).toEqual([0, 0, 0, 1]);
});

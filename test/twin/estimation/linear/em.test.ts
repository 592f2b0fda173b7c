import { checkRise, expectationMaximisation } from "@plumbline/twin/estimation/linear/em";
import type { EmTargets } from "@plumbline/twin/estimation/linear/em-targets";
import { logLikelihood } from "@plumbline/twin/estimation/linear/filter";
import { linearModel, type ModelMatrices } from "@plumbline/twin/estimation/linear/linear-model";
import { polishNoise } from "@plumbline/twin/estimation/linear/polish-noise";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { NILE } from "./nile.ts";

const scaledIdentity = (size: number, scale: number): Matrix =>
  Matrix.diagonal(new Float64Array(size).fill(scale));

describe("rule: EM's likelihood never falls", () => {
  const source = dice("em");
  const rows = Array.from({ length: 60 }, (_, step) => {
    const row = [Math.sin(step / 5) + source.normal(), Math.cos(step / 5) + 0.5 * source.normal()];
    return step % 9 === 4 ? [Number.NaN, row[1]!] : step % 11 === 6 ? [Number.NaN, Number.NaN] : row;
  });
  const whole = rows.map((row) => row.map((value) => (Number.isNaN(value) ? 0 : value)));
  const matrices: ModelMatrices = {
    transition: [
      [0.9, 0.2],
      [-0.1, 0.8],
    ],
    drift: [0.1, 0],
    processNoise: scaledIdentity(2, 1),
    observation: [
      [1, 0.5],
      [0, 1],
    ],
    offset: [0.2, -0.1],
    observationNoise: [
      [2, 0.5],
      [0.5, 1],
    ],
    start: { at: 0, covariance: scaledIdentity(2, 4) },
  };
  const targets: [string, EmTargets, number[][]][] = [
    ["the process noise", { processNoise: "full" }, rows],
    ["a full observation noise, rows incomplete", { observationNoise: "full" }, rows],
    ["a diagonal observation noise", { observationNoise: "diagonal" }, rows],
    ["transition and drift", { transition: true, drift: true }, rows],
    ["the transition alone", { transition: true }, rows],
    ["the drift alone", { drift: true }, rows],
    ["observation and offset", { observation: true, offset: true }, whole],
    ["the start", { start: true }, rows],
    [
      "everything",
      {
        processNoise: "full",
        observationNoise: "diagonal",
        transition: true,
        drift: true,
        observation: true,
        offset: true,
        start: true,
      },
      rows,
    ],
  ];
  test.each(targets)("estimating %s", (_name, estimate, values) => {
    const { logLikelihoods } = expectationMaximisation(matrices, { values }, { estimate, iterations: 25 });
    for (let step = 1; step < logLikelihoods.length; step++)
      expect(logLikelihoods[step]!).toBeGreaterThanOrEqual(logLikelihoods[step - 1]! - 1e-9);
    expect(logLikelihoods.at(-1)! - logLikelihoods[0]!).toBeGreaterThan(1e-3);
  });

  test("and ends at the maximum of the likelihood: the Nile, through a diffuse start", () => {
    const {
      logLikelihoods,
      matrices: fitted,
      converged,
    } = expectationMaximisation(
      {
        transition: [[1]],
        processNoise: [[1000]],
        observation: [[1]],
        observationNoise: [[10000]],
        start: { diffuse: "all" },
      },
      { values: NILE },
      { estimate: { processNoise: "full", observationNoise: "full" }, iterations: 2000, tolerance: 1e-9 },
    );
    expect(converged).toBe(true);
    expect(logLikelihoods.at(-1)).toBeCloseTo(-632.545625103, 5);
    expect((fitted.observationNoise as Matrix).get(0, 0) / 15098.523).toBeCloseTo(1, 2);
  });
});

test("a quasi-Newton finish reaches the maximum that EM only approaches, with full and with diagonal noise", () => {
  const source = dice("polish");
  const values = Array.from({ length: 120 }, () => [source.normal(), 2 * source.normal()]);
  const matrices: ModelMatrices = {
    transition: [
      [0.7, 0.2],
      [0, 0.5],
    ],
    processNoise: scaledIdentity(2, 0.3),
    observation: scaledIdentity(2, 1),
    observationNoise: scaledIdentity(2, 1),
    start: { covariance: scaledIdentity(2, 1) },
  };
  for (const structure of ["full", "diagonal"] as const) {
    const estimate = { processNoise: structure, observationNoise: structure };
    const early = expectationMaximisation(matrices, { values }, { estimate, iterations: 20 });
    const late = expectationMaximisation(early.matrices, { values }, { estimate, iterations: 300 });
    const polished = polishNoise(early.matrices, { values }, estimate);
    expect(polished.converged).toBe(true);
    expect(polished.logLikelihood).toBeGreaterThan(late.logLikelihoods.at(-1)! - 1e-6);
    expect(logLikelihood(linearModel(polished.matrices), { values }).logLikelihood).toBeCloseTo(
      polished.logLikelihood,
      9,
    );
  }
});

test("a fall beyond rounding is an error that names the step", () => {
  expect(() => checkRise([-200, -100], -100 - 1e-9)).not.toThrow();
  expect(() => checkRise([-200, -100], -100.001)).toThrow(/step 2 of EM.* from -100 to -100.001/);
});

test("what cannot be estimated is refused by name", () => {
  const matrices: ModelMatrices = {
    transition: [[1]],
    drift: [[0], [0], [0]],
    processNoise: [[1]],
    observation: [[1]],
    observationNoise: [[1]],
    start: { diffuse: "all" },
  };
  const run = (estimate: EmTargets, values = [1, 2, 3]) =>
    expectationMaximisation(matrices, { values }, { estimate });
  expect(() => run({ drift: true })).toThrow(/given per reading/);
  expect(() => run({ start: true })).toThrow(/diffuse/);
  const pair: ModelMatrices = {
    ...matrices,
    drift: [0],
    observation: [[1], [1]],
    observationNoise: [
      [1, 0.1],
      [0.1, 1],
    ],
  };
  expect(() =>
    expectationMaximisation(
      pair,
      {
        values: [
          [1, 2],
          [Number.NaN, 1],
        ],
      },
      { estimate: { observation: true } },
    ),
  ).toThrow(expect.objectContaining({ code: "PARTIAL_ROWS" }));
});

interface Robot {
  readonly A: number[][];
  readonly C: number[][];
  readonly d: number[];
  readonly b: number[][];
  readonly x0: number[];
  readonly P0: number[][];
  readonly y: number[][];
  readonly expected: { readonly em_loglik_Q10_R10: number[] };
}

withReferenceData<Robot>(
  "calibration/kalman/robot_em.json",
  "robot",
  ({ A, C, d, b, x0, P0, y, expected }) => {
    test("ten published EM steps on Q and R, to 1e-9", () => {
      const { logLikelihoods } = expectationMaximisation(
        {
          transition: A,
          drift: b,
          processNoise: scaledIdentity(5, 10),
          observation: C,
          offset: d,
          observationNoise: scaledIdentity(2, 10),
          start: { at: 0, mean: x0, covariance: P0 },
        },
        { values: y },
        { estimate: { processNoise: "full", observationNoise: "full" }, iterations: 9 },
      );
      expected.em_loglik_Q10_R10.forEach((value, step) => {
        expect(Math.abs(logLikelihoods[step]! / value - 1)).toBeLessThan(1e-9);
      });
    });
  },
);

import type { EnsembleAnalysis } from "@plumbline/twin/estimation/ensemble/analysis";
import { EnsembleFilter, type EnsembleOptions } from "@plumbline/twin/estimation/ensemble/ensemble-filter";
import { finiteSize } from "@plumbline/twin/estimation/ensemble/finite-size";
import { localTransform } from "@plumbline/twin/estimation/ensemble/local-transform";
import { localisation } from "@plumbline/twin/estimation/ensemble/localisation";
import { halfGain, perturbedObservations } from "@plumbline/twin/estimation/ensemble/perturbed-observations";
import { serialPerturbed, serialSquareRoot } from "@plumbline/twin/estimation/ensemble/serial";
import { squareRootTransform } from "@plumbline/twin/estimation/ensemble/square-root-transform";
import { Matrix, multiply, plus, symmetrise } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { seeded } from "../../../support/random.ts";
import { systemOf } from "../filter-contract.ts";
import { type LinearModel, ReferenceKalman } from "../reference-kalman.ts";

/** n states that turn into each other, without process noise, seen through p mixtures. */
function linear(states: number, outputs: number, diagonalNoise = false): LinearModel {
  const random = seeded(10 * states + outputs);
  const square = (size: number): Matrix =>
    new Matrix(
      size,
      size,
      Float64Array.from({ length: size * size }, () => random.normal() / Math.sqrt(size)),
    );
  const transition = plus(Matrix.identity(states), square(states), 0.3);
  const mixing = square(outputs);
  return {
    transition: () => transition,
    processNoise: () => new Matrix(states, states),
    observation: new Matrix(
      outputs,
      states,
      Float64Array.from({ length: outputs * states }, () => random.normal()),
    ),
    observationNoise: diagonalNoise
      ? Matrix.diagonal(Float64Array.from({ length: outputs }, () => 0.2 + random.uniform()))
      : symmetrise(plus(multiply(mixing, mixing.transpose()), Matrix.identity(outputs), 0.3)),
  };
}

function startOf(states: number): { at: number; mean: Float64Array; covariance: Matrix } {
  const random = seeded(states);
  const root = new Matrix(
    states,
    states,
    Float64Array.from({ length: states * states }, () => random.normal()),
  );
  return {
    at: 0,
    mean: Float64Array.from({ length: states }, () => random.normal()),
    covariance: symmetrise(plus(multiply(root, root.transpose()), Matrix.identity(states), 0.1)),
  };
}

const filterOf = (
  model: LinearModel,
  analysis: EnsembleAnalysis,
  members: number,
  options: Partial<EnsembleOptions> = {},
): EnsembleFilter =>
  new EnsembleFilter(systemOf(model), startOf(model.observation.columns), {
    members,
    analysis,
    start: "exact",
    dice: dice(5),
    ...options,
  });

function distance(
  filter: EnsembleFilter,
  exact: { mean: Float64Array; covariance: Matrix },
): { mean: number; covariance: number } {
  const scale = Math.max(...exact.covariance.diagonal());
  const gap = (left: Float64Array, right: Float64Array): number =>
    Math.max(...left.map((value, index) => Math.abs(value - right[index]!)));
  return {
    mean: gap(filter.mean(), exact.mean) / Math.sqrt(scale),
    covariance: gap(filter.covariance().data, exact.covariance.data) / scale,
  };
}

const readings = (count: number, outputs: number): number[][] => {
  const random = seeded(99);
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: outputs }, (_, index) =>
      row % 3 === 1 && index === 0 ? Number.NaN : 2 * random.normal(),
    ),
  );
};

/** No scale of the geometry: everything is near. */
const everywhere = localisation({ stateToOutput: () => 0, outputToOutput: () => 0 }, 1);

/*
 * When the ensemble's sample moments are the prior and the system is linear and without process noise, sampling error has
 * no way in: a square-root analysis must return Bayes' rule itself, to round-off, however many members there are beyond n.
 */
const SQUARE_ROOTS: readonly [string, () => EnsembleAnalysis, boolean][] = [
  ["square-root transform", squareRootTransform, false],
  ["serial square root", serialSquareRoot, false],
  ["serial square root in random order", () => serialSquareRoot({ order: "random" }), false],
  ["serial square root, localised without limit", () => serialSquareRoot({ localisation: everywhere }), true],
  ["local transform without limit", () => localTransform(everywhere), true],
];

describe.each(SQUARE_ROOTS)("%s", (_name, analysis, diagonal) => {
  test.each([
    [3, 2, 5],
    [3, 2, 40],
    [6, 6, 7],
    [4, 9, 6],
    [2, 20, 3],
  ])(
    "n = %d, p = %d, N = %d: is the Kalman filter where the members' moments are the prior's",
    (n, p, members) => {
      const model = linear(n, p, diagonal);
      const exact = new ReferenceKalman(model, startOf(n));
      const filter = filterOf(model, analysis(), members, { rotate: true });
      for (const [step, reading] of readings(6, p).entries()) {
        filter.predict(step + 1);
        exact.predict(step + 1);
        const said = filter.update(reading);
        const reference = exact.update(reading);
        expect(Math.abs(said.logLikelihood - reference.logLikelihood)).toBeLessThan(
          1e-9 * (1 + reference.nis),
        );
        expect(Math.abs(said.nis - reference.nis)).toBeLessThan(1e-9 * (1 + reference.nis));
        const { mean, covariance } = distance(filter, exact);
        expect(mean).toBeLessThan(1e-9);
        expect(covariance).toBeLessThan(1e-9);
      }
    },
  );
});

const EXACT_MEANS: readonly [string, () => EnsembleAnalysis][] = [
  ["perturbed observations", perturbedObservations],
  ["half gain", halfGain],
  ["serial perturbed observations, one reading", serialPerturbed],
];

describe.each(EXACT_MEANS)("%s", (name, analysis) => {
  test.each([
    [3, 2, 40],
    [4, 9, 6],
  ])(
    "n = %d, p = %d, N = %d: the mean follows Bayes' rule exactly, for perturbations have none",
    (n, p, members) => {
      const outputs = name.startsWith("serial") ? 1 : p;
      const model = linear(n, outputs);
      const exact = new ReferenceKalman(model, startOf(n));
      const filter = filterOf(model, analysis(), members);
      const [reading] = readings(1, outputs);
      filter.update(reading!);
      exact.update(reading!);
      expect(distance(filter, exact).mean).toBeLessThan(1e-9);
    },
  );
});

test("half gain: the covariance is (I − KH)P + ¼ KHPHᵀKᵀ", () => {
  const model: LinearModel = {
    transition: () => Matrix.identity(1),
    processNoise: () => new Matrix(1, 1),
    observation: Matrix.identity(1),
    observationNoise: Matrix.diagonal([2]),
  };
  const filter = filterOf(model, halfGain(), 5);
  const prior = filter.covariance().get(0, 0);
  const gain = prior / (prior + 2);
  filter.update([1]);
  expect(filter.covariance().get(0, 0)).toBeCloseTo((1 - gain) * prior + (gain * gain * prior) / 4, 12);
});

test("perturbed observations localised without limit are the perturbed observations", () => {
  const model = linear(4, 3, true);
  const plain = filterOf(model, perturbedObservations(), 12);
  const local = filterOf(model, perturbedObservations({ localisation: everywhere }), 12);
  for (const filter of [plain, local]) filter.update([1, -1, 2]);
  expect(distance(local, { mean: plain.mean(), covariance: plain.covariance() }).covariance).toBeLessThan(
    1e-12,
  );
});

test("finite size: the inflation makes the dual cost stationary, and a certain hyper-prior leaves the transform alone", () => {
  const model = linear(3, 4);
  const members = 8;
  const plain = filterOf(model, squareRootTransform(), members);
  const certain = filterOf(model, finiteSize({ certainty: 1e9 }), members);
  const adaptive = filterOf(model, finiteSize(), members);
  const far = [30, -20, 25, 10];
  for (const filter of [plain, certain, adaptive]) filter.update(far);
  const moments = { mean: plain.mean(), covariance: plain.covariance() };
  // The mode of the hyper-prior itself is l² = (e/c)^(1 − κ), within 1/N² of 1.
  expect(distance(certain, moments).covariance).toBeLessThan(2 / members ** 2);
  // A reading far outside the prior's reach says that the spread was too small.
  expect(adaptive.spread()).toBeGreaterThan(1.05 * plain.spread());
});

/*
 * A reading far outside a narrow prior has two explanations, bad luck (l near 1) and a prior much too narrow: with a variance
 * of 0.003 the cost has two minima, of which the lower one changes between the readings 3 and 5.
 */
test.each([
  [3, 6],
  [0.003, 2.5],
  [0.003, 3],
  [0.003, 3.5],
  [0.003, 4],
  [0.003, 4.5],
  [0.003, 5],
  [0.003, 6],
])(
  "finite size: one state of variance %d and the reading %d, minimised by brute force",
  (variance, reading) => {
    const members = 4;
    const system = systemOf({
      transition: () => Matrix.identity(1),
      processNoise: () => new Matrix(1, 1),
      observation: Matrix.identity(1),
      observationNoise: Matrix.identity(1),
    });
    const start = { at: 0, mean: Float64Array.of(0), covariance: Matrix.diagonal([variance]) };
    const filter = new EnsembleFilter(system, start, {
      members,
      analysis: finiteSize(),
      start: "exact",
      dice: dice(1),
    });
    filter.update([reading]);
    const e = (members + 1) / members;
    const c = members / (members - 1);
    const share = (1 / (1 + variance) + members - 1) / members;
    const shift = (e / c) ** (share / 2);
    const cost = (l: number): number =>
      reading ** 2 / ((members - 1) * (1 + l * l * variance)) +
      e / shift / l ** 2 +
      c * shift * Math.log(l * l);
    let best = 1;
    for (let l = 0.2; l < 200; l *= 1.00003) if (cost(l) < cost(best)) best = l;
    const inflated = best * best * variance;
    // The brute force is right to 3e-5 in l.
    expect(filter.mean()[0]! / ((inflated / (1 + inflated)) * reading)).toBeCloseTo(1, 3.7);
    expect(filter.covariance().get(0, 0) / (inflated / (1 + inflated))).toBeCloseTo(1, 3.7);
  },
);

test.each([
  squareRootTransform,
  perturbedObservations,
  halfGain,
  serialSquareRoot,
  serialPerturbed,
  finiteSize,
  () => localTransform(everywhere),
])("after any analysis the members' mean is the mean: %#", (analysis) => {
  const filter = filterOf(linear(4, 3, true), analysis(), 9, { rotate: true, inflation: 1.1 });
  filter.update([1, -2, 0.5]);
  const members = filter.members();
  filter.mean().forEach((value, state) => {
    let sum = 0;
    for (let member = 0; member < 9; member++) sum += members.get(member, state);
    expect(sum / 9).toBeCloseTo(value, 12);
  });
});

test("finite size: a reading a million sds away inflates as far as it goes, and is followed", () => {
  const model: LinearModel = {
    transition: () => Matrix.identity(1),
    processNoise: () => new Matrix(1, 1),
    observation: Matrix.identity(1),
    observationNoise: Matrix.identity(1),
  };
  const filter = filterOf(model, finiteSize(), 4);
  filter.update([1e6]);
  expect(filter.mean()[0]! / 1e6).toBeCloseTo(1, 4);
});

test("the square-root transform of many random members nears the Kalman filter", () => {
  const model = linear(2, 2);
  const members = 20_000;
  const exact = new ReferenceKalman(model, startOf(2));
  const filter = filterOf(model, squareRootTransform(), members, { start: "random" });
  for (const [step, reading] of readings(5, 2).entries()) {
    filter.predict(step + 1);
    exact.predict(step + 1);
    filter.update(reading);
    exact.update(reading);
  }
  // Sample mean: sd σ/√N = 0.007 σ; sample covariance: relative sd √(2/N) = 0.01. Without process noise the analysis
  // only shrinks both errors. Five sds.
  const { mean, covariance } = distance(filter, exact);
  expect(mean).toBeLessThan(5 * 0.0071);
  expect(covariance).toBeLessThan(5 * 0.01);
});

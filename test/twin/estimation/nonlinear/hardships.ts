import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { symmetricEigen } from "@plumbline/twin/linear-algebra/symmetric-eigen";
import { expect } from "vitest";
import { seeded } from "../../../support/random.ts";
import { systemOf } from "../reference-kalman.ts";
import { GAUSSIAN_FILTERS, gaussHermite, type MakeGaussian } from "./filters.ts";

export const ALL_FILTERS: readonly (readonly [string, MakeGaussian])[] = [
  ...GAUSSIAN_FILTERS,
  ["Gauss–Hermite", gaussHermite],
];

/** A vague start (sd 10⁶), a precise sensor (sd 10⁻⁴), nearly no process noise. */
export const EXTREME: StochasticSystem = systemOf({
  transition: () =>
    Matrix.from([
      [1, 1],
      [0, 1],
    ]),
  processNoise: () =>
    Matrix.from([
      [1e-10 / 3, 0.5e-10],
      [0.5e-10, 1e-10],
    ]),
  observation: Matrix.from([[1, 0]]),
  observationNoise: Matrix.diagonal([1e-8]),
});
export const VAGUE: Start = { at: 0, mean: new Float64Array(2), covariance: Matrix.diagonal([1e12, 1e12]) };

/** A chain of four integrators driven at one end, seen three times over with nearly no noise. */
const CHAIN: StochasticSystem = systemOf({
  transition: (from, to) => {
    const dt = to - from;
    return Matrix.from([
      [1, dt, dt ** 2 / 2, dt ** 3 / 6],
      [0, 1, dt, dt ** 2 / 2],
      [0, 0, 1, dt],
      [0, 0, 0, 1],
    ]);
  },
  processNoise: (from, to) => {
    const dt = to - from;
    const gain = [dt ** 3 / 6, dt ** 2 / 2, dt, 1];
    return Matrix.from(gain.map((left) => gain.map((right) => 1e-8 * left * right)));
  },
  observation: Matrix.from([
    [1, 0, 0, 0],
    [1, 1e-6, 0, 0],
    [1, 0, 1e-9, 0],
  ]),
  observationNoise: Matrix.diagonal([1e-10, 1e-10, 1e-10]),
});

/** Range and bearing of a slow body from afar, to 10⁻⁶. */
const SLANT: StochasticSystem = {
  states: 4,
  outputs: 2,
  advance: ([x = 0, y = 0, vx = 0, vy = 0], from, to, out) => {
    const dt = to - from;
    out.set([x + dt * vx, y + dt * vy, vx, vy]);
  },
  observe: ([x = 0, y = 0], _at, out) => out.set([Math.hypot(x, y), Math.atan2(y, x)]),
  processNoise: (from, to) => Matrix.diagonal([0, 0, 1e-12 * (to - from), 1e-12 * (to - from)]),
  observationNoise: Matrix.diagonal([1e-12, 1e-12]),
};

export interface Hardship {
  readonly name: string;
  readonly system: StochasticSystem;
  readonly start: Start;
  /** Where the truth begins. */
  readonly truth: readonly number[];
  /** sd of the sensors. */
  readonly noise: number;
}

export const HARDSHIPS: readonly Hardship[] = [
  { name: "a precise sensor and a vague start", system: EXTREME, start: VAGUE, truth: [3, -1], noise: 1e-4 },
  {
    name: "four integrators seen three times over, with a process noise of rank one",
    system: CHAIN,
    start: { at: 0, mean: new Float64Array(4), covariance: Matrix.diagonal([1e8, 1e6, 1e4, 1e2]) },
    truth: [5, 1, 0, 0],
    noise: 1e-5,
  },
  {
    name: "range and bearing from afar",
    system: SLANT,
    start: {
      at: 0,
      mean: Float64Array.of(1000.5, 499.5, 0, 0),
      covariance: Matrix.diagonal([1, 1, 1e-2, 1e-2]),
    },
    truth: [1000, 500, 0.01, 0.005],
    noise: 1e-6,
  },
];

/** Filters `length` steps of a noiseless truth seen with noise, every fifth reading missing; looks at the covariance all along. */
export function endure(make: MakeGaussian, hardship: Hardship, length: number): void {
  const { system, start, noise } = hardship;
  const dice = seeded(5);
  const filter = make(system, start);
  let truth = Float64Array.from(hardship.truth);
  const seen = new Float64Array(system.outputs);
  for (let step = 1; step <= length; step++) {
    const next = new Float64Array(truth.length);
    system.advance(truth, step - 1, step, next);
    truth = next;
    filter.predict(step);
    system.observe(truth, step, seen);
    if (step % 5 !== 0) filter.update(seen.map((value) => value + noise * dice.normal()));
    if (step < 50 || step % 97 === 0) expectProper(filter.covariance(), `step ${step}`);
  }
  expect(filter.mean().every(Number.isFinite)).toBe(true);
}

/** Finite, and no eigenvalue below 0 beyond rounding of the largest. */
function expectProper(covariance: Matrix, when: string): void {
  expect(covariance.data.every(Number.isFinite), when).toBe(true);
  expect(
    covariance.diagonal().every((variance) => variance > 0),
    when,
  ).toBe(true);
  const { values } = symmetricEigen(covariance);
  expect(Math.min(...values) / Math.max(...values), when).toBeGreaterThan(-1e-14);
}

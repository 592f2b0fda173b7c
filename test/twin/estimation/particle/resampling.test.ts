import { normaliseLogWeights } from "@plumbline/twin/estimation/particle/log-weights";
import {
  multinomial,
  type Resampling,
  residual,
  stratified,
  systematic,
} from "@plumbline/twin/estimation/particle/resampling";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const WEIGHTS = Float64Array.of(0.31, 0, 0.02, 0.27, 0.4, 0);
const COUNT = 10;
const TRIALS = 20_000;

const SCHEMES: readonly [string, Resampling][] = [
  ["systematic", systematic],
  ["stratified", stratified],
  ["residual", residual],
  ["multinomial", multinomial],
];

/** Mean and variance of the copies of each particle. */
function copies(scheme: Resampling): { mean: Float64Array; variance: Float64Array } {
  const random = dice("resampling");
  const ancestors = new Int32Array(COUNT);
  const mean = new Float64Array(WEIGHTS.length);
  const square = new Float64Array(WEIGHTS.length);
  for (let trial = 0; trial < TRIALS; trial++) {
    scheme(WEIGHTS, random, ancestors);
    const counts = new Float64Array(WEIGHTS.length);
    for (const ancestor of ancestors) counts[ancestor] = counts[ancestor]! + 1;
    counts.forEach((count, particle) => {
      mean[particle] = mean[particle]! + count / TRIALS;
      square[particle] = square[particle]! + (count * count) / TRIALS;
    });
  }
  return { mean, variance: square.map((value, particle) => value - mean[particle]! ** 2) };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
const binomial = WEIGHTS.map((weight) => COUNT * weight * (1 - weight));

describe.each(SCHEMES)("%s resampling", (_name, scheme) => {
  const { mean, variance } = copies(scheme);

  test("is unbiased: N W copies on average, none of a particle without weight", () => {
    // No scheme's variance exceeds the multinomial's, N W (1 − W): five sds of the mean of the trials.
    WEIGHTS.forEach((weight, particle) => {
      expect(Math.abs(mean[particle]! - COUNT * weight)).toBeLessThanOrEqual(
        5 * Math.sqrt(binomial[particle]! / TRIALS),
      );
      if (weight === 0) expect(mean[particle]).toBe(0);
    });
  });

  test("varies no more than independent draws", () => {
    // The relative sd of a variance from 20,000 counts is about √(2/20000) = 1 %.
    expect(total(variance)).toBeLessThan(1.05 * total(binomial));
  });

  test("gives ancestors in ascending order, and a point at the very end to the last particle with weight", () => {
    const ancestors = new Int32Array(20_011);
    for (let seed = 0; seed < 20; seed++) {
      const few = new Int32Array(11);
      scheme(WEIGHTS, dice(seed), few);
      expect([...few]).toEqual([...few].sort((left, right) => left - right));
    }
    // Weights that sum to a little less than 1, as round-off leaves them.
    scheme(Float64Array.of(0.5, 0.4999, 0), dice(1), ancestors);
    expect(Math.max(...ancestors)).toBe(1);
  });
});

test("systematic copies are N W rounded up or down, and vary less than independent ones by far", () => {
  const { variance } = copies(systematic);
  expect(total(variance)).toBeLessThan(0.3 * total(copies(multinomial).variance));
  const ancestors = new Int32Array(COUNT);
  for (let seed = 0; seed < 200; seed++) {
    systematic(WEIGHTS, dice(seed), ancestors);
    WEIGHTS.forEach((weight, particle) => {
      const count = ancestors.reduce((sum, ancestor) => sum + (ancestor === particle ? 1 : 0), 0);
      expect(Math.abs(count - COUNT * weight)).toBeLessThan(1);
    });
  }
});

test("residual resampling keeps the whole part of N W of each, and copes with weights that are all whole", () => {
  const ancestors = new Int32Array(4);
  residual(Float64Array.of(0.5, 0.25, 0.25), dice(1), ancestors);
  expect([...ancestors]).toEqual([0, 0, 1, 2]);
  const many = new Int32Array(COUNT);
  residual(WEIGHTS, dice(2), many);
  expect(many.filter((ancestor) => ancestor === 4).length).toBeGreaterThanOrEqual(4);
});

describe("log weights", () => {
  test("far below and far above the range of exp are normalised without loss", () => {
    for (const shift of [-1e6, 0, 1e6]) {
      const logs = Float64Array.of(shift, shift + Math.log(3), Number.NEGATIVE_INFINITY);
      const weights = new Float64Array(3);
      const { logTotal, effectiveSize } = normaliseLogWeights(logs, weights);
      expect(logTotal).toBeCloseTo(shift + Math.log(4), 9);
      expect(weights[0]).toBeCloseTo(0.25, 9);
      expect(weights[2]).toBe(0);
      expect(effectiveSize).toBeCloseTo(1 / (1 / 16 + 9 / 16), 9);
    }
  });

  test("that are all −∞ stay so, and no NaN comes of them", () => {
    const logs = new Float64Array(2).fill(Number.NEGATIVE_INFINITY);
    const weights = Float64Array.of(0.5, 0.5);
    expect(normaliseLogWeights(logs, weights)).toEqual({
      logTotal: Number.NEGATIVE_INFINITY,
      effectiveSize: 0,
    });
    expect([...weights]).toEqual([0.5, 0.5]);
  });
});

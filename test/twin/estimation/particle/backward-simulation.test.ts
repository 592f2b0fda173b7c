import { simulateBackward } from "@plumbline/twin/estimation/particle/backward-simulation";
import { gaussianParticles } from "@plumbline/twin/estimation/particle/gaussian-particles";
import { runParticles } from "@plumbline/twin/estimation/particle/particle-run";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { mean } from "../../../support/statistics.ts";
import { refusal } from "../../support/refusals.ts";
import { systemOf } from "../filter-contract.ts";
import { FIRST_READINGS, type GrowthReference, growthModel, growthStart, seriesOf } from "./growth-model.ts";

const walk = gaussianParticles(
  systemOf({
    transition: () => Matrix.identity(1),
    processNoise: (from, to) => Matrix.diagonal([to - from]),
    observation: Matrix.identity(1),
    observationNoise: Matrix.identity(1),
  }),
);
const start = { at: 0, mean: Float64Array.of(0), covariance: Matrix.identity(1) };

test("a random walk: the paths have the smoothed moments of dense Gaussian algebra", () => {
  const times = [1, 2, 3];
  const y = [1.2, Number.NaN, 3];
  const particles = 1000;
  const { clouds } = runParticles(
    walk,
    start,
    { times, readings: new Matrix(3, 1, Float64Array.from(y)) },
    { particles, dice: dice(2), keep: true },
  );
  const paths = simulateBackward(walk, times, clouds, { paths: 1000, dice: dice(3) });
  // Prior Cov[x_s, x_t] = 1 + min(s, t); x_1 and x_3 are seen with variance 1: S = [[3, 2], [2, 5]], det 11.
  const weights = (t: number): [number, number] => {
    const [first, third] = [1 + Math.min(t, 1), 1 + t];
    return [(5 * first - 2 * third) / 11, (3 * third - 2 * first) / 11];
  };
  times.forEach((t, index) => {
    const [one, three] = weights(t);
    const exact = one * 1.2 + three * 3;
    const variance = 1 + t - (one * (1 + Math.min(t, 1)) + three * (1 + t));
    // Two thousand-strong samples one after the other, the first thinned to some 500: sd of a mean √(v (1/500 + 1/1000)),
    // relative sd of a variance √(2 (1/500 + 1/1000)) = 0.077. Five of each.
    expect(Math.abs(paths[index]!.mean()[0]! - exact)).toBeLessThan(5 * Math.sqrt(variance * 0.003));
    expect(Math.abs(paths[index]!.covariance().get(0, 0) / variance - 1)).toBeLessThan(5 * 0.077);
  });
});

test("a path is one path: its steps have the transition's size", () => {
  const data = seriesOf(FIRST_READINGS);
  const { clouds } = runParticles(growthModel, growthStart, data, {
    particles: 300,
    dice: dice(2),
    keep: true,
  });
  const paths = simulateBackward(growthModel, data.times, clouds, { paths: 200, dice: dice(3) });
  const squares: number[] = [];
  for (let step = 1; step < paths.length; step++) {
    for (let path = 0; path < 200; path++) {
      const x = paths[step - 1]!.states[0]![path]!;
      const at = data.times[step]!;
      const centre = x / 2 + (25 * x) / (1 + x * x) + 8 * Math.cos(1.2 * at);
      squares.push((paths[step]!.states[0]![path]! - centre) ** 2 / 10);
    }
  }
  // χ²(1) a step before the readings are known; shuffled paths would give the spread of the state instead, some 10 and more.
  expect(mean(squares)).toBeGreaterThan(0.4);
  expect(mean(squares)).toBeLessThan(2);
});

withReferenceData<GrowthReference>(
  "calibration/nonlinear/ungm_exact.json",
  "backward simulation on the growth model",
  ({ y, exact }) => {
    test("its means beat the filter's as estimates of the exact smoother", () => {
      const data = seriesOf(y);
      const { clouds, means } = runParticles(growthModel, growthStart, data, {
        particles: 500,
        dice: dice(2),
        keep: true,
      });
      const paths = simulateBackward(growthModel, data.times, clouds, { paths: 100, dice: dice(3) });
      const smoothed = paths.map((cloud) => cloud.mean()[0]!);
      const gap = (values: readonly number[]): number =>
        Math.sqrt(mean(values.map((value, row) => (value - exact.smooth_mean[row]!) ** 2)));
      // What is left is noise of 500 particles and 100 paths; the filter does not know which hump the next reading chooses.
      expect(gap(smoothed)).toBeLessThan(0.5 * gap(Array.from(means.data)));
    });
  },
);

test("the same dice give the same paths", () => {
  const data = seriesOf(FIRST_READINGS);
  const { clouds } = runParticles(growthModel, growthStart, data, {
    particles: 50,
    dice: dice(2),
    keep: true,
  });
  const draw = () => simulateBackward(growthModel, data.times, clouds, { paths: 5, dice: dice(3) });
  expect(draw()).toEqual(draw());
});

test("DEGENERATE when no particle could have moved there; BAD_OPTION without a transition density, clouds or paths", () => {
  const data = seriesOf(FIRST_READINGS.slice(0, 3));
  const { clouds } = runParticles(growthModel, growthStart, data, {
    particles: 50,
    dice: dice(2),
    keep: true,
  });
  const options = { paths: 5, dice: dice(3) };
  const never = { ...growthModel, logTransition: () => Number.NEGATIVE_INFINITY };
  expect(refusal(() => simulateBackward(never, data.times, clouds, options)).code).toBe("DEGENERATE");
  const { logTransition: _logTransition, ...without } = growthModel;
  expect(refusal(() => simulateBackward(without, data.times, clouds, options)).code).toBe("BAD_OPTION");
  expect(refusal(() => simulateBackward(growthModel, [], [], options)).code).toBe("BAD_OPTION");
  expect(refusal(() => simulateBackward(growthModel, [1], clouds, options)).code).toBe("BAD_OPTION");
  expect(
    refusal(() => simulateBackward(growthModel, data.times, clouds, { ...options, paths: 0 })).code,
  ).toBe("BAD_OPTION");
});

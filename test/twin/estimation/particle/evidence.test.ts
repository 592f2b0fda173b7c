import { gaussianParticles } from "@plumbline/twin/estimation/particle/gaussian-particles";
import type { ParticleOptions } from "@plumbline/twin/estimation/particle/particle-filter";
import { runParticles } from "@plumbline/twin/estimation/particle/particle-run";
import type { ParticleSystem } from "@plumbline/twin/estimation/particle/particle-system";
import {
  multinomial,
  residual,
  stratified,
  systematic,
} from "@plumbline/twin/estimation/particle/resampling";
import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { seeded } from "../../../support/random.ts";
import { withReferenceData } from "../../../support/reference-data.ts";
import { mean } from "../../../support/statistics.ts";
import { systemOf } from "../filter-contract.ts";
import { type LinearModel, ReferenceKalman } from "../reference-kalman.ts";
import {
  FIRST_READINGS,
  type GrowthReference,
  gridFilter,
  growthModel,
  growthStart,
  seriesOf,
} from "./growth-model.ts";

const NAN = Number.NaN;

/** Two coupled states, two outputs with correlated noise; gaps of either and both. */
const COUPLED: LinearModel = {
  transition: () =>
    Matrix.from([
      [0.9, 0.2],
      [-0.1, 0.8],
    ]),
  processNoise: () =>
    Matrix.from([
      [0.5, 0.2],
      [0.2, 0.3],
    ]),
  observation: Matrix.from([
    [1, 0],
    [1, -1],
  ]),
  observationNoise: Matrix.from([
    [0.6, 0.2],
    [0.2, 0.9],
  ]),
};
const START = { at: 0, mean: Float64Array.of(1, 0), covariance: Matrix.diagonal([1, 2]) };

/** Readings of a truth that follows COUPLED, with gaps. */
function series(length: number): { times: number[]; readings: Matrix } {
  const random = seeded(4);
  const { processNoise, observationNoise } = COUPLED;
  const [motion, sensors] = [cholesky(processNoise(0, 1)), cholesky(observationNoise)];
  const pair = (root: Matrix): Float64Array => timesVector(root, [random.normal(), random.normal()]);
  let state = Float64Array.of(1 + random.normal(), Math.SQRT2 * random.normal());
  const rows = Array.from({ length }, (_, row) => {
    const step = pair(motion);
    state = timesVector(COUPLED.transition(0, 1), state).map((value, index) => value + step[index]!);
    const noise = pair(sensors);
    const [first, second] = timesVector(COUPLED.observation, state).map(
      (value, index) => value + noise[index]!,
    );
    return [row % 4 === 1 ? NAN : first!, row % 3 === 2 ? NAN : second!];
  });
  return { times: rows.map((_, row) => row + 1), readings: Matrix.from(rows) };
}

function kalmanLogLikelihood(times: readonly number[], readings: Matrix): number {
  const filter = new ReferenceKalman(COUPLED, START);
  let sum = 0;
  times.forEach((time, row) => {
    filter.predict(time);
    sum += filter.update([readings.get(row, 0), readings.get(row, 1)]).logLikelihood;
  });
  return sum;
}

/** The scalar random walk with the locally optimal proposal p(x' | x, y) in closed form. */
const walk: ParticleSystem = {
  states: 1,
  outputs: 1,
  propagate: (state, _from, _to, random, out) => {
    out[0] = state[0]! + random.normal();
  },
  logDensity: (reading, state) => -0.5 * (Math.log(2 * Math.PI * 0.1) + (reading[0]! - state[0]!) ** 2 / 0.1),
  lookAhead: (state, _from, _to, out) => out.set(state),
  propose: (state, reading, _from, _to, random, out) => {
    const variance = 1 / (1 + 1 / 0.1);
    const centre = variance * (state[0]! + reading[0]! / 0.1);
    out[0] = centre + Math.sqrt(variance) * random.normal();
    return -0.5 * (out[0] - state[0]!) ** 2 + 0.5 * (Math.log(variance) + (out[0] - centre) ** 2 / variance);
  },
};

const estimates = (
  system: ParticleSystem,
  start: Parameters<typeof runParticles>[1],
  data: Parameters<typeof runParticles>[2],
  runs: number,
  options: Omit<ParticleOptions, "dice">,
): number[] =>
  Array.from(
    { length: runs },
    (_, seed) => runParticles(system, start, data, { ...options, dice: dice(seed) }).logLikelihood,
  );

/** The estimate of the evidence over its exact value has mean 1 for every N: within five standard errors. */
function expectUnbiased(logs: readonly number[], exact: number): void {
  const ratios = logs.map((log) => Math.exp(log - exact));
  const centre = mean(ratios);
  const variance = mean(ratios.map((ratio) => (ratio - centre) ** 2));
  expect(Math.abs(centre - 1)).toBeLessThan(5 * Math.sqrt(variance / ratios.length));
}

describe("the evidence of a linear system", () => {
  const data = series(10);
  const exact = kalmanLogLikelihood(data.times, data.readings);
  const system = gaussianParticles(systemOf(COUPLED));

  test.each([
    ["bootstrap, systematic", { resampling: systematic }],
    ["bootstrap, stratified", { resampling: stratified }],
    ["bootstrap, residual", { resampling: residual }],
    ["bootstrap, multinomial at every step", { resampling: multinomial, threshold: 1 }],
    ["bootstrap, never resampled", { threshold: 0 }],
    ["auxiliary", { scheme: "auxiliary" as const }],
  ])("%s: is estimated without bias by only 100 particles", (_name, options) => {
    expectUnbiased(estimates(system, START, data, 300, { particles: 100, ...options }), exact);
  });

  test("is within three Monte-Carlo sds of Kalman's with 2,000 particles", () => {
    const runs = Array.from({ length: 8 }, (_, seed) =>
      runParticles(system, START, data, { particles: 2000, dice: dice(seed) }),
    );
    const logs = runs.map((run) => run.logLikelihood);
    const centre = mean(logs);
    const sd = Math.sqrt(mean(logs.map((log) => (log - centre) ** 2)) * (8 / 7));
    expect(Math.abs(centre - exact)).toBeLessThan(3 * sd);
  });
});

test("the guided scheme is unbiased too, and far less noisy than the bootstrap where readings are sharp", () => {
  const random = seeded(8);
  let level = 0;
  const readings = Array.from({ length: 30 }, () => {
    level += random.normal();
    return [level + Math.sqrt(0.1) * random.normal()];
  });
  const start = { at: 0, mean: Float64Array.of(0), covariance: Matrix.identity(1) };
  const data = { times: readings.map((_, row) => row + 1), readings: Matrix.from(readings) };
  const model: LinearModel = {
    transition: () => Matrix.identity(1),
    processNoise: () => Matrix.identity(1),
    observation: Matrix.identity(1),
    observationNoise: Matrix.diagonal([0.1]),
  };
  const kalman = new ReferenceKalman(model, start);
  const exact = readings.reduce((sum, reading, row) => {
    kalman.predict(row + 1);
    return sum + kalman.update(reading).logLikelihood;
  }, 0);
  const spread = (logs: readonly number[]): number => mean(logs.map((log) => (log - exact) ** 2));
  const guided = estimates(walk, start, data, 200, { particles: 50, scheme: "guided" });
  const auxiliary = estimates(walk, start, data, 200, { particles: 50, scheme: "auxiliary" });
  expectUnbiased(guided, exact);
  expectUnbiased(auxiliary, exact);
  expect(spread(guided)).toBeLessThan(0.3 * spread(estimates(walk, start, data, 200, { particles: 50 })));
});

describe("the growth model, fifteen readings against a grid", () => {
  const exact = gridFilter(FIRST_READINGS);
  const data = seriesOf(FIRST_READINGS);

  test("evidence and filtered means agree", () => {
    const runs = Array.from({ length: 20 }, (_, seed) =>
      runParticles(growthModel, growthStart, data, { particles: 1000, dice: dice(seed) }),
    );
    expectUnbiased(
      runs.map((run) => run.logLikelihood),
      exact.logLikelihood,
    );
    const gap = mean(
      runs.map((run) =>
        mean(Array.from(exact.means, (value, row) => Math.abs(run.means.get(row, 0) - value))),
      ),
    );
    // The belief is two humps some ± 5 apart with sd about 0.5 each: a weighted mean of some 500 effective particles
    // misses by at most 6/√500 = 0.27 where the humps balance, and by 0.02 where one of them holds.
    expect(gap).toBeLessThan(0.27);
  });
});

withReferenceData<GrowthReference>(
  "calibration/nonlinear/ungm_exact.json",
  "the growth model, hundred readings",
  ({ y, exact }) => {
    test("1,000 particles: the mean of ten runs of the log-likelihood is near the exact one", () => {
      const logs = estimates(growthModel, growthStart, seriesOf(y), 10, { particles: 1000 });
      // sd of one run 0.79, bias −½ · 0.79² = −0.31: five standard errors around it.
      expect(Math.abs(mean(logs) - (exact.loglik - 0.31))).toBeLessThan((5 * 0.79) / Math.sqrt(10));
    });
  },
);

import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { GaussHermiteKalmanFilter } from "@plumbline/twin/estimation/nonlinear/gauss-hermite";
import { smooth } from "@plumbline/twin/estimation/nonlinear/smoother";
import { cholesky, solveCholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, multiply, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { type Random, seeded } from "../../../support/random.ts";
import { exactChiSquaredQuantile } from "../../../support/statistics.ts";
import { systemOf } from "../filter-contract.ts";
import { type LinearModel, ReferenceKalman } from "../reference-kalman.ts";
import { GAUSSIAN_FILTERS, type MakeGaussian } from "./filters.ts";

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

interface Problem {
  readonly model: LinearModel;
  readonly start: Start;
  readonly times: number[];
  readonly readings: number[][];
}

/** A random stable linear system and a series drawn from it: irregular times, a third of the values missing. */
function problem(states: number, outputs: number, length: number, seed: number): Problem {
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

const largest = (left: ArrayLike<number>, right: ArrayLike<number>): number =>
  Math.max(...Array.from(left, (value, index) => Math.abs(value - right[index]!)));

/** Largest deviation of means, covariances and log-likelihoods from the textbook filter. */
function deviation(make: MakeGaussian, { model, start, times, readings }: Problem): number {
  const filter = make(systemOf(model), start);
  const exact = new ReferenceKalman(model, start);
  let worst = 0;
  for (const [step, reading] of readings.entries()) {
    for (const each of [filter, exact]) each.predict(times[step]!);
    const said = filter.update(reading);
    const reference = exact.update(reading);
    worst = Math.max(
      worst,
      largest(filter.mean(), exact.mean),
      largest(filter.covariance().data, exact.covariance.data),
      Math.abs(said.logLikelihood - reference.logLikelihood),
      Math.abs(said.nis - reference.nis),
    );
  }
  return worst;
}

const SIZES = [
  [1, 1],
  [2, 1],
  [3, 5],
  [4, 3],
  [6, 2],
  [9, 9],
] as const;

describe("on linear problems", () => {
  test.each(GAUSSIAN_FILTERS)(
    "seed rule 1: sigma points are redrawn after process noise — the %s filter is the Kalman filter, for 1 to 9 states",
    (_name, make) => {
      for (const [states, outputs] of SIZES)
        for (let seed = 0; seed < 3; seed++)
          expect(
            deviation(make, problem(states, outputs, 40, 100 * states + seed)),
            `${states} states, seed ${seed}`,
          ).toBeLessThan(1e-9);
    },
  );

  test("so is the Gauss–Hermite filter, at every order", () => {
    for (const order of [2, 3, 7])
      for (const [states, outputs] of [
        [1, 1],
        [2, 1],
        [3, 2],
      ] as const) {
        const make: MakeGaussian = (system, start) => new GaussHermiteKalmanFilter(system, start, { order });
        expect(deviation(make, problem(states, outputs, 60, 7 + order))).toBeLessThan(1e-9);
      }
  });

  test("seed rule 5: every datum counts once — one reading of N(0, 1) with noise 1 halves the distance", () => {
    const model: LinearModel = {
      transition: () => Matrix.identity(1),
      processNoise: () => new Matrix(1, 1),
      observation: Matrix.identity(1),
      observationNoise: Matrix.identity(1),
    };
    for (const [, make] of GAUSSIAN_FILTERS) {
      const filter = make(systemOf(model), {
        at: 0,
        mean: Float64Array.of(0),
        covariance: Matrix.identity(1),
      });
      filter.update([5]);
      expect(filter.mean()[0]).toBeCloseTo(2.5, 12);
      expect(filter.covariance().get(0, 0)).toBeCloseTo(0.5, 12);
    }
  });

  test.each(GAUSSIAN_FILTERS)(
    "seed rule 11: Q scales with elapsed time — the %s filter is as unsure after one gap as after its parts, and after two days than after a second far more",
    (_name, make) => {
      const rate = 0.3;
      const model: LinearModel = {
        transition: () => Matrix.identity(1),
        processNoise: (from, to) => Matrix.diagonal([rate * (to - from)]),
        observation: Matrix.identity(1),
        observationNoise: Matrix.identity(1),
      };
      const varianceAfter = (...times: number[]): number => {
        const filter = make(systemOf(model), {
          at: 0,
          mean: Float64Array.of(3),
          covariance: Matrix.identity(1),
        });
        for (const time of times) filter.predict(time);
        return filter.covariance().get(0, 0);
      };
      expect(varianceAfter(172_800)).toBeCloseTo(1 + rate * 172_800, 6);
      expect(varianceAfter(1)).toBeCloseTo(1 + rate, 12);
      expect(varianceAfter(0.2, 0.5, 1)).toBeCloseTo(varianceAfter(1), 12);
    },
  );
});

describe("the posterior", () => {
  const level = (rate: number, noise: number): LinearModel => ({
    transition: () => Matrix.identity(1),
    processNoise: (from, to) => Matrix.diagonal([rate * (to - from)]),
    observation: Matrix.identity(1),
    observationNoise: Matrix.diagonal([noise]),
  });
  const unit: Start = { at: 0, mean: Float64Array.of(0), covariance: Matrix.identity(1) };

  test.each(GAUSSIAN_FILTERS)(
    "is what the %s filter reports: the steady variance for Q = 0.01, R = 0.09 is 0.02541, not that plus Q",
    (_name, make) => {
      const [q, r] = [0.01, 0.09];
      // P⁻ = P⁻R/(P⁻ + R) + Q, so P⁻² − QP⁻ − QR = 0; the posterior is P⁻ − Q.
      const exact = (q + Math.sqrt(q * q + 4 * q * r)) / 2 - q;
      expect(exact).toBeCloseTo(0.02541, 5);
      const filter = make(systemOf(level(q, r)), unit);
      for (let step = 1; step <= 200; step++) {
        filter.predict(step);
        filter.update([0]);
      }
      expect(Math.abs(filter.covariance().get(0, 0) - exact)).toBeLessThan(1e-12);
    },
  );

  test.each(GAUSSIAN_FILTERS)(
    "of many data taken one by one by the %s filter is that of all at once",
    (_name, make) => {
      const dice = seeded(31);
      const data = Array.from({ length: 50 }, () => 2 + dice.normal());
      const filter = make(systemOf(level(0, 1)), unit);
      for (const datum of data) filter.update([datum]);
      expect(filter.covariance().get(0, 0)).toBeCloseTo(1 / 51, 12);
      expect(filter.mean()[0]).toBeCloseTo(data.reduce((sum, datum) => sum + datum, 0) / 51, 11);
    },
  );

  test("is consistent: the NIS of 300 series of a right model lies inside its χ² interval", () => {
    let [nis, size] = [0, 0];
    for (let seed = 0; seed < 300; seed++) {
      const { model, start, times, readings } = problem(2, 2, 10, 1_000 + seed);
      const filter = new CubatureKalmanFilter(systemOf(model), start);
      for (const [step, reading] of readings.entries()) {
        filter.predict(times[step]!);
        const said = filter.update(reading);
        nis += said.nis;
        size += said.size;
      }
    }
    // Innovations of a right filter are independent, so their total is χ² with one degree for each value read.
    expect(nis).toBeGreaterThan(exactChiSquaredQuantile(0.005, size));
    expect(nis).toBeLessThan(exactChiSquaredQuantile(0.995, size));
  });
});

/** All states and readings of a linear problem as one Gaussian, conditioned in one piece. */
function batch({ model, start, times, readings }: Problem): { means: Float64Array; covariance: Matrix } {
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
    means: mean.map((value, index) => value + shift[index]!),
    covariance: plus(prior, multiply(cross.transpose(), solveCholesky(factor, cross)), -1),
  };
}

describe("the smoother on linear problems", () => {
  test.each(GAUSSIAN_FILTERS)(
    "seed rule 6: the smoother uses the predicted next state — with the %s filter it is batch least squares, lag-one covariances and the start included",
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
        const meanOf = (row: number): Float64Array => exact.means.subarray(row * states, (row + 1) * states);
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

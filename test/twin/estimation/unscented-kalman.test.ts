import type { Gaussian } from "@plumbline/twin/estimation/gaussian";
import * as kalman from "@plumbline/twin/estimation/kalman";
import * as unscented from "@plumbline/twin/estimation/unscented-kalman";
import {
  CUBATURE,
  momentsOf,
  type SigmaRule,
  sigmaPoints,
} from "@plumbline/twin/estimation/unscented-transform";
import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, multiply, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { type Random, seeded } from "../../support/random.ts";
import { exactChiSquaredQuantile, mean } from "../../support/statistics.ts";

const RULES: readonly [string, SigmaRule][] = [
  ["cubature", CUBATURE],
  ["α = 1, β = 2", { alpha: 1, beta: 2, kappa: 0 }],
  ["α = 0.5, β = 2, κ = 1", { alpha: 0.5, beta: 2, kappa: 1 }],
  ["α = 0.1, β = 2", { alpha: 0.1, beta: 2, kappa: 0 }],
];
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
const scaled = (matrix: Matrix, factor: number): Matrix =>
  new Matrix(
    matrix.rows,
    matrix.columns,
    matrix.data.map((value) => factor * value),
  );
const difference = (left: ArrayLike<number>, right: ArrayLike<number>): number =>
  Math.max(...Array.from(left, (value, index) => Math.abs(value - right[index]!)));

/** A stable random linear system; readings come at irregular times and Q grows with the time between them. */
function system(states: number, outputs: number, dice: Random) {
  const turn = random(states, states, dice);
  return {
    transition: plus(Matrix.identity(states), scaled(turn, 0.05)),
    noise: scaled(positive(states, dice), 0.01),
    observation: random(outputs, states, dice),
    sds: Float64Array.from({ length: outputs }, () => 0.1 + dice.uniform()),
    start: { mean: new Float64Array(states), covariance: positive(states, dice) } satisfies Gaussian,
  };
}

describe("the unscented filter", () => {
  test.each(RULES)(
    "with %s is the Kalman filter on linear problems of 1 to 9 states, over 200 irregular steps",
    (_name, rule) => {
      for (const [states, outputs] of [
        [1, 1],
        [2, 1],
        [4, 3],
        [9, 12],
      ] as const) {
        const dice = seeded(100 + states);
        const { transition, noise, observation, sds, start } = system(states, outputs, dice);
        let exact: Gaussian = start;
        let sigma: Gaussian = start;
        let worst = 0;
        for (let step = 0; step < 200; step++) {
          const elapsed = dice.uniform() * 2;
          const noisy = scaled(noise, elapsed);
          const reading = Float64Array.from({ length: outputs }, () => 3 * dice.normal());
          const one = kalman.update(kalman.predict(exact, transition, noisy), observation, sds, reading);
          const prior = unscented.predict(
            sigma,
            (x, out) => out.set(timesVector(transition, x)),
            noisy,
            rule,
          );
          const other = unscented.update(
            prior,
            (x, out) => out.set(timesVector(observation, x)),
            sds,
            reading,
            rule,
          );
          exact = one.gaussian;
          sigma = other.gaussian;
          worst = Math.max(
            worst,
            difference(exact.mean, sigma.mean),
            difference(exact.covariance.data, sigma.covariance.data),
            Math.abs(one.nis - other.nis) / one.nis,
          );
        }
        expect(worst, `${states} states, ${outputs} outputs`).toBeLessThan(1e-9);
      }
    },
  );

  test("reports the posterior: the steady variance for Q = 0.01, R = 0.09 is 0.02541, not that plus Q", () => {
    const [q, r] = [0.01, 0.09];
    // P⁻ = P⁻R/(P⁻ + R) + Q, so P⁻² − QP⁻ − QR = 0; the posterior is P⁻ − Q.
    const exact = (q + Math.sqrt(q * q + 4 * q * r)) / 2 - q;
    expect(exact).toBeCloseTo(0.02541, 5);
    let belief: Gaussian = { mean: Float64Array.of(0), covariance: Matrix.diagonal([1]) };
    const copy = (x: Float64Array, out: Float64Array): void => out.set(x);
    for (let step = 0; step < 200; step++) {
      belief = unscented.update(
        unscented.predict(belief, copy, Matrix.diagonal([q]), CUBATURE),
        copy,
        Float64Array.of(Math.sqrt(r)),
        Float64Array.of(0),
        CUBATURE,
      ).gaussian;
    }
    expect(Math.abs(belief.covariance.get(0, 0) - exact)).toBeLessThan(1e-14);
  });

  test("assimilates the first datum as every other: y = 5, prior N(0, 1), unit noise gives 2.5 ± √½", () => {
    const copy = (x: Float64Array, out: Float64Array): void => out.set(x);
    const start: Gaussian = { mean: Float64Array.of(0), covariance: Matrix.diagonal([1]) };
    const { gaussian, nis } = unscented.update(start, copy, Float64Array.of(1), Float64Array.of(5), CUBATURE);
    expect(gaussian.mean[0]).toBeCloseTo(2.5, 14);
    expect(gaussian.covariance.get(0, 0)).toBeCloseTo(0.5, 14);
    expect(nis).toBeCloseTo(12.5, 12);
  });

  test("takes each of many data once: their posterior is that of all at once", () => {
    const dice = seeded(31);
    const data = Array.from({ length: 50 }, () => 2 + dice.normal());
    const copy = (x: Float64Array, out: Float64Array): void => out.set(x);
    let belief: Gaussian = { mean: Float64Array.of(0), covariance: Matrix.diagonal([4]) };
    for (const datum of data)
      belief = unscented.update(belief, copy, Float64Array.of(1), Float64Array.of(datum), CUBATURE).gaussian;
    const precision = 1 / 4 + data.length;
    expect(belief.covariance.get(0, 0)).toBeCloseTo(1 / precision, 14);
    expect(belief.mean[0]).toBeCloseTo(data.reduce((sum, datum) => sum + datum, 0) / precision, 12);
  });

  test("takes two half steps for one step", () => {
    const dice = seeded(32);
    const { noise, start } = system(5, 1, dice);
    const copy = (x: Float64Array, out: Float64Array): void => out.set(x);
    const once = unscented.predict(start, copy, noise, CUBATURE);
    const half = scaled(noise, 0.5);
    const twice = unscented.predict(unscented.predict(start, copy, half, CUBATURE), copy, half, CUBATURE);
    expect(difference(once.covariance.data, twice.covariance.data)).toBeLessThan(1e-13);
    const identity = Matrix.identity(5);
    const exact = kalman.predict(kalman.predict(start, identity, half), identity, half);
    expect(difference(once.covariance.data, exact.covariance.data)).toBeLessThan(1e-13);
  });

  test("keeps a symmetric, positive definite posterior over 10⁵ steps of a badly scaled problem", () => {
    const dice = seeded(33);
    const transition = Matrix.from([
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 0.9],
    ]);
    const noise = Matrix.diagonal([1e-10, 1e-8, 1e-4]);
    const observation = Matrix.from([
      [1, 0, 1],
      [1, 0, -1],
    ]);
    const sds = Float64Array.of(1e-3, 10);
    let belief: Gaussian = { mean: new Float64Array(3), covariance: Matrix.diagonal([1e3, 1e-2, 1]) };
    for (let step = 1; step <= 100_000; step++) {
      const prior = kalman.predict(belief, transition, noise);
      belief = kalman.update(
        prior,
        observation,
        sds,
        Float64Array.of(1e-3 * dice.normal(), 10 * dice.normal()),
      ).gaussian;
      if (step % 100 === 0) cholesky(belief.covariance);
    }
    expect(belief.covariance).toEqual(belief.covariance.transpose());
    expect(Math.min(...belief.covariance.diagonal())).toBeGreaterThan(0);
  });

  test("is consistent: the mean NIS of 400 runs lies inside its χ² interval", () => {
    const dice = seeded(34);
    const { transition, noise, observation, sds, start } = system(4, 3, dice);
    const [startRoot, noiseRoot] = [cholesky(start.covariance), cholesky(noise)];
    const draw = (root: Matrix): Float64Array =>
      timesVector(
        root,
        Float64Array.from({ length: root.rows }, () => dice.normal()),
      );
    const [runs, steps] = [400, 10];
    const values = Array.from({ length: runs }, () => {
      let truth: Float64Array = draw(startRoot);
      let belief: Gaussian = start;
      let sum = 0;
      for (let step = 0; step < steps; step++) {
        const push = draw(noiseRoot);
        truth = timesVector(transition, truth).map((value, index) => value + push[index]!);
        const reading = timesVector(observation, truth).map(
          (value, index) => value + sds[index]! * dice.normal(),
        );
        const prior = unscented.predict(
          belief,
          (x, out) => out.set(timesVector(transition, x)),
          noise,
          CUBATURE,
        );
        const updated = unscented.update(
          prior,
          (x, out) => out.set(timesVector(observation, x)),
          sds,
          reading,
          CUBATURE,
        );
        belief = updated.gaussian;
        sum += updated.nis;
      }
      return sum;
    });
    // Innovations of a right filter are independent, so the total is χ² with runs · steps · outputs degrees of freedom.
    const freedom = runs * steps * 3;
    const total = mean(values) * runs;
    expect(total).toBeGreaterThan(exactChiSquaredQuantile(0.005, freedom));
    expect(total).toBeLessThan(exactChiSquaredQuantile(0.995, freedom));
  });
});

describe("the unscented transform", () => {
  test.each(RULES)("with %s gives back the mean and covariance it was drawn from", (_name, rule) => {
    const dice = seeded(35);
    for (const size of [1, 3, 9]) {
      const covariance = positive(size, dice);
      const centre = Float64Array.from({ length: size }, () => dice.normal());
      const sigma = sigmaPoints(centre, covariance, rule);
      const moments = momentsOf(sigma, centre, sigma.points);
      expect(difference(moments.mean, centre)).toBeLessThan(1e-11);
      expect(difference(moments.covariance.data, covariance.data)).toBeLessThan(1e-10);
      expect(difference(moments.cross.data, covariance.data)).toBeLessThan(1e-10);
    }
  });

  test("has 2n points when the centre has no weight, else 2n + 1", () => {
    expect(sigmaPoints(new Float64Array(9), Matrix.identity(9), CUBATURE).points.rows).toBe(18);
    expect(sigmaPoints(new Float64Array(9), Matrix.identity(9), RULES[1]![1]).points.rows).toBe(19);
  });

  test("has the exact mean of a quadratic, which a linearisation does not", () => {
    const covariance = Matrix.from([
      [0.5, 0.2],
      [0.2, 0.8],
    ]);
    const centre = Float64Array.of(1, -2);
    const sigma = sigmaPoints(centre, covariance, CUBATURE);
    const images = new Matrix(
      sigma.points.rows,
      1,
      Float64Array.from(
        { length: sigma.points.rows },
        (_, row) => sigma.points.get(row, 0) * sigma.points.get(row, 1),
      ),
    );
    expect(momentsOf(sigma, centre, images).mean[0]).toBeCloseTo(1 * -2 + 0.2, 13);
  });
});

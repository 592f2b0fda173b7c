import { GaussianProcess } from "@plumbline/twin/calibration/discrepancy/gaussian-process";
import {
  type Kernel,
  matern32,
  matern52,
  squaredExponential,
  sum,
  weighted,
} from "@plumbline/twin/calibration/discrepancy/kernel";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { gamma } from "@plumbline/twin/probability/gamma";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

const line = (...xs: number[]): Matrix => new Matrix(xs.length, 1, Float64Array.from(xs));
const POINTS = Matrix.from([
  [0, 1],
  [0.5, -0.2],
  [1.3, 0.4],
  [2, 2],
  [2.2, -1],
]);
const VALUES = Float64Array.of(1, 0.3, -0.8, 0.1, 2);
const KERNELS: readonly (readonly [string, Kernel])[] = [
  ["squared exponential", squaredExponential({ sd: 1.3, length: 0.9 })],
  ["Matérn 3/2", matern32({ sd: 0.7, length: [0.8, 2] })],
  ["Matérn 5/2", matern52({ sd: 2, length: [1.5, 0.6] })],
  [
    "a sum",
    sum(matern52({ sd: 1, length: 1, name: "fast" }), squaredExponential({ sd: 2, length: 5, name: "slow" })),
  ],
  ["a weighted one", weighted(matern32({ sd: 1, length: 1 }), ([x]) => 1 + x!)],
];

describe("kernels", () => {
  test("have the values of their formulas", () => {
    const at = (kernel: Kernel) => kernel.covariance(line(0), line(1.2)).get(0, 0);
    const settings = { sd: 1.5, length: 0.8 };
    expect(at(squaredExponential(settings))).toBeCloseTo(2.25 * Math.exp(-1.125), 14);
    const three = Math.sqrt(3) * 1.5;
    expect(at(matern32(settings))).toBeCloseTo(2.25 * (1 + three) * Math.exp(-three), 14);
    const five = Math.sqrt(5) * 1.5;
    expect(at(matern52(settings))).toBeCloseTo(2.25 * (1 + five + five ** 2 / 3) * Math.exp(-five), 14);
  });

  test.each(KERNELS)("%s: slopes are the differences of its covariance in the logarithms", (_, kernel) => {
    const values = kernel.hyperparameters.map(({ value }) => value);
    const slopes = kernel.slopes(POINTS);
    expect(slopes).toHaveLength(values.length);
    for (const [index, slope] of slopes.entries()) {
      const moved = (by: number) =>
        kernel
          .withValues(values.map((value, at) => (at === index ? value * Math.exp(by) : value)))
          .covariance(POINTS, POINTS);
      const [ahead, behind] = [moved(1e-5), moved(-1e-5)];
      slope.data.forEach((value, at) => {
        expect(value).toBeCloseTo((ahead.data[at]! - behind.data[at]!) / 2e-5, 8);
      });
    }
  });

  test("a weight of zero leaves no function there", () => {
    const kernel = weighted(squaredExponential({ sd: 1, length: 1 }), ([x]) => x!);
    expect([...kernel.variances(line(0, 2))]).toEqual([0, 4]);
    const process = new GaussianProcess(kernel, { points: line(1), values: Float64Array.of(3), noise: 0.1 });
    expect(process.predict(line(0))).toEqual({ mean: Float64Array.of(0), variance: Float64Array.of(0) });
  });

  test("refuse what is no hyperparameter, and points of another size", () => {
    expect(refusal(() => matern32({ sd: 0, length: 1 })).code).toBe("BAD_KERNEL");
    expect(refusal(() => matern32({ sd: 1, length: [1, Number.NaN] })).message).toContain(
      "length 1 of a kernel is NaN",
    );
    expect(refusal(() => matern32({ sd: 1, length: [1, 2] }).covariance(line(0), line(0))).code).toBe(
      "BAD_SHAPE",
    );
    expect(refusal(() => matern32({ sd: 1, length: 1 }).withValues([1])).code).toBe("BAD_SHAPE");
  });
});

describe("a Gaussian process", () => {
  test("of one value is the textbook's update", () => {
    // k = 4 e^{−d²/2}, noise 1: mean* = k*/5 · (y − μ), variance* = 4 − k*²/5.
    const process = new GaussianProcess(
      squaredExponential({ sd: 2, length: 1 }),
      { points: line(0), values: Float64Array.of(7), noise: 1 },
      2,
    );
    const { mean, variance } = process.predict(line(0, 1));
    const across = 4 * Math.exp(-0.5);
    expect([...mean]).toEqual([expect.closeTo(6, 12), expect.closeTo(2 + across, 12)]);
    expect([...variance]).toEqual([expect.closeTo(0.8, 12), expect.closeTo(4 - across ** 2 / 5, 12)]);
    expect(process.logMarginalLikelihood()).toBeCloseTo(
      -0.5 * (25 / 5 + Math.log(5) + Math.log(2 * Math.PI)),
      12,
    );
  });

  test("its likelihood is the product of its predictions, one after another", () => {
    const kernel = matern52({ sd: 1.4, length: [1, 2] });
    let product = 0;
    for (let count = 0; count < VALUES.length; count++) {
      const next = new Matrix(1, 2, POINTS.data.slice(2 * count, 2 * count + 2));
      const { mean, variance } =
        count === 0
          ? { mean: [0], variance: kernel.variances(next) }
          : new GaussianProcess(kernel, {
              points: new Matrix(count, 2, POINTS.data.slice(0, 2 * count)),
              values: VALUES.slice(0, count),
              noise: 0.3,
            }).predict(next);
      const total = variance[0]! + 0.09;
      product -= 0.5 * ((VALUES[count]! - mean[0]!) ** 2 / total + Math.log(2 * Math.PI * total));
    }
    const whole = new GaussianProcess(kernel, { points: POINTS, values: VALUES, noise: 0.3 });
    expect(whole.logMarginalLikelihood()).toBeCloseTo(product, 12);
  });

  test.each(KERNELS)("%s: the gradient of the likelihood is that of differences", (_, kernel) => {
    const values = kernel.hyperparameters.map(({ value }) => value);
    const likelihood = (logs: readonly number[], noise: number) =>
      new GaussianProcess(kernel.withValues(logs.map(Math.exp)), {
        points: POINTS,
        values: VALUES,
        noise,
      }).logMarginalLikelihood();
    const logs = values.map(Math.log);
    const process = new GaussianProcess(kernel, { points: POINTS, values: VALUES, noise: 0.2 });
    [...process.gradient()].forEach((slope, index) => {
      const moved = (by: number) =>
        likelihood(
          logs.map((log, at) => log + (at === index ? by : 0)),
          0.2,
        );
      expect(slope).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
    });
    const byNoise = (likelihood(logs, 0.2 * Math.exp(1e-5)) - likelihood(logs, 0.2 * Math.exp(-1e-5))) / 2e-5;
    expect(process.noiseGradient(0.2)).toBeCloseTo(byNoise, 6);
  });

  test("has the published log-joint of posteriordb's gp_regr at its reference mean", () => {
    // ρ ~ Γ(25, 4), α ~ N(0, 2), σ ~ N(0, 1), half-priors not doubled; σ is a variance there.
    const [rho, alpha, sigma] = [6.874348177825814, 2.4423998398757036, 1.828731065727969];
    const process = new GaussianProcess(squaredExponential({ sd: alpha, length: rho }), {
      points: line(-10, -8, -6, -4, -2, 0, 2, 4, 6, 8, 10),
      values: Float64Array.of(
        4.75906,
        1.59423,
        2.99548,
        5.27501,
        1.66472,
        2.24347,
        2.8914,
        4.08681,
        4.60588,
        0.802364,
        3.92136,
      ),
      noise: Math.sqrt(sigma),
    });
    const joint =
      process.logMarginalLikelihood() +
      gamma(25, 4).logDensity(rho) +
      normal(0, 2).logDensity(alpha) +
      normal(0, 1).logDensity(sigma);
    expect(joint).toBeCloseTo(-31.043535957003055, 9);
  });

  test("leaving one out in closed form is leaving it out", () => {
    const kernel = matern32({ sd: 1.1, length: 1.5 });
    const noise = Float64Array.of(0.1, 0.2, 0.3, 0.1, 0.5);
    const loo = new GaussianProcess(kernel, { points: POINTS, values: VALUES, noise }, 0.4).leaveOneOut();
    for (let out = 0; out < VALUES.length; out++) {
      const kept = [0, 1, 2, 3, 4].filter((row) => row !== out);
      const others = new GaussianProcess(
        kernel,
        {
          points: Matrix.from(kept.map((row) => [POINTS.get(row, 0), POINTS.get(row, 1)])),
          values: Float64Array.from(kept, (row) => VALUES[row]!),
          noise: Float64Array.from(kept, (row) => noise[row]!),
        },
        0.4,
      );
      const { mean, variance } = others.predict(new Matrix(1, 2, POINTS.data.slice(2 * out, 2 * out + 2)));
      const total = variance[0]! + noise[out]! ** 2;
      expect(loo.mean[out]).toBeCloseTo(mean[0]!, 12);
      expect(loo.variance[out]).toBeCloseTo(total, 12);
      expect(loo.logDensity[out]).toBeCloseTo(
        -0.5 * ((VALUES[out]! - mean[0]!) ** 2 / total + Math.log(2 * Math.PI * total)),
        12,
      );
    }
  });

  test("its joint covariance has its variances on the diagonal, and falls to nothing at exact values", () => {
    const process = new GaussianProcess(matern32({ sd: 1, length: 1 }), {
      points: POINTS,
      values: VALUES,
      noise: 0,
    });
    const elsewhere = Matrix.from([
      [0, 1],
      [1, 1],
    ]);
    const { mean, variance } = process.predict(elsewhere);
    const covariance = process.predictedCovariance(elsewhere);
    expect(mean[0]).toBeCloseTo(1, 12);
    expect(variance[0]).toBeLessThan(1e-14);
    expect(covariance.get(1, 1)).toBeCloseTo(variance[1]!, 14);
    expect(Math.abs(covariance.get(0, 1))).toBeLessThan(1e-14);
  });

  test("refuses what it cannot use, and does not invent a noise", () => {
    const kernel = squaredExponential({ sd: 1, length: 1 });
    const make = (points: Matrix, values: number[], noise: number | Float64Array) => () =>
      new GaussianProcess(kernel, { points, values: Float64Array.from(values), noise });
    expect(refusal(make(line(), [], 1)).code).toBe("BAD_SHAPE");
    expect(refusal(make(line(0, 1), [1], 1)).code).toBe("BAD_SHAPE");
    expect(refusal(make(line(0), [Number.NaN], 1)).code).toBe("NOT_FINITE");
    expect(refusal(make(line(Number.NaN), [1], 1)).code).toBe("NOT_FINITE");
    expect(refusal(make(line(0), [1], -1)).code).toBe("BAD_NOISE");
    expect(refusal(make(line(0, 1), [1, 2], Float64Array.of(1))).code).toBe("BAD_SHAPE");
    expect(refusal(make(line(0, 0), [1, 1], 0)).code).toBe("NOT_POSITIVE_DEFINITE");
  });

  test("covers what it is drawn from: every quantile of the next value is as likely as it says", () => {
    // z of a value given the others is N(0, 1); over 400 draws the mean square lies within 1 ± 2.58 √(2/400) at 99 %.
    const kernel = matern52({ sd: 1, length: 0.7 });
    const xs = line(...Array.from({ length: 9 }, (_, index) => index / 4));
    const prior = new GaussianProcess(kernel, { points: line(99), values: Float64Array.of(0), noise: 1 });
    const covariance = prior.predictedCovariance(xs);
    const random = dice("a process covers");
    let total = 0;
    for (let run = 0; run < 400; run++) {
      const values = drawn(covariance, random.split(run));
      const { mean, variance } = new GaussianProcess(kernel, {
        points: new Matrix(8, 1, xs.data.slice(0, 8)),
        values: values.slice(0, 8),
        noise: 0,
      }).predict(line(2));
      total += (values[8]! - mean[0]!) ** 2 / variance[0]! / 400;
    }
    expect(Math.abs(total - 1)).toBeLessThan(2.58 * Math.sqrt(2 / 400));
  });
});

function drawn(covariance: Matrix, random: { normal(): number }): Float64Array {
  const values = new Float64Array(covariance.rows);
  const factor = new Matrix(covariance.rows, covariance.rows);
  for (let row = 0; row < values.length; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = covariance.get(row, column);
      for (let inner = 0; inner < column; inner++) rest -= factor.get(row, inner) * factor.get(column, inner);
      factor.set(row, column, row === column ? Math.sqrt(rest) : rest / factor.get(column, column));
    }
  }
  const white = values.map(() => random.normal());
  for (let row = 0; row < values.length; row++)
    for (let column = 0; column <= row; column++)
      values[row] = values[row]! + factor.get(row, column) * white[column]!;
  return values;
}

import { calibrateWithDiscrepancy } from "@plumbline/twin/calibration/discrepancy/calibrate-with-discrepancy";
import type { DiscrepantProblem } from "@plumbline/twin/calibration/discrepancy/discrepant-problem";
import { GaussianProcess } from "@plumbline/twin/calibration/discrepancy/gaussian-process";
import { matern52 } from "@plumbline/twin/calibration/discrepancy/kernel";
import { interval } from "@plumbline/twin/calibration/discrepancy/laplace-posterior";
import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { binomialQuantile } from "../../../support/statistics.ts";

const efforts = Float64Array.from({ length: 21 }, (_, index) => 0.2 + 0.19 * index);
const asPoints = (xs: ArrayLike<number>): Matrix => new Matrix(xs.length, 1, Float64Array.from(xs));

/** ln N(residual; 0, covariance). */
function normalLogDensity(residual: Float64Array, covariance: Matrix): number {
  const factor = cholesky(covariance);
  let log = -0.5 * residual.length * Math.log(2 * Math.PI);
  const white: number[] = [];
  for (let row = 0; row < residual.length; row++) {
    let rest = residual[row]!;
    for (let column = 0; column < row; column++) rest -= factor.get(row, column) * white[column]!;
    white.push(rest / factor.get(row, row));
    log -= Math.log(factor.get(row, row)) + 0.5 * white[row]! ** 2;
  }
  return log;
}

describe("a linear model with a known term", () => {
  // y = θ g + δ + e with θ ~ N(0.5, 0.4²): everything has a closed form.
  const g = efforts.map((x) => x + 0.1 * x * x);
  const kernel = matern52({ sd: 0.3, length: 1.2 });
  const problem = (observations: Float64Array): DiscrepantProblem => ({
    unknowns: [{ id: "gain", prior: normal(0.5, 0.4) }],
    observations,
    noise: new Float64Array(g.length).fill(0.05),
    points: asPoints(efforts),
    discrepancy: kernel,
    simulate: (theta, out) => {
      for (const [index, value] of g.entries()) out[index] = theta[0]! * value;
    },
  });
  const marginal = (prior: number): Matrix => {
    const covariance = kernel.covariance(asPoints(efforts), asPoints(efforts));
    for (let row = 0; row < g.length; row++) {
      covariance.add(row, row, 0.05 ** 2);
      for (let column = 0; column < g.length; column++)
        covariance.add(row, column, prior ** 2 * g[row]! * g[column]!);
    }
    return covariance;
  };
  const y = efforts.map((x) => Math.sin(x));

  test("has the posterior and the evidence of dense Gaussian algebra", () => {
    const report = calibrateWithDiscrepancy(problem(y), [0.4]);
    const process = new GaussianProcess(kernel, { points: asPoints(efforts), values: y, noise: 0.05 });
    const solved = process.solve(g);
    const precision = g.reduce((sum, value, index) => sum + value * solved[index]!, 0) + 1 / 0.16;
    const weight = process.weights.reduce((sum, value, index) => sum + value * g[index]!, 0) + 0.5 / 0.16;
    expect(report.with.mode[0]).toBeCloseTo(weight / precision, 8);
    expect(report.with.sd[0]).toBeCloseTo(1 / Math.sqrt(precision), 8);
    const residual = y.map((value, index) => value - 0.5 * g[index]!);
    expect(report.with.logEvidence).toBeCloseTo(normalLogDensity(residual, marginal(0.4)), 7);
  });

  test("has that evidence with two parameters that the data hold together, too", () => {
    // y = θ₀ g + θ₁ x + δ + e; the columns are nearly parallel.
    const two: DiscrepantProblem = {
      ...problem(y),
      unknowns: [
        { id: "gain", prior: normal(0.5, 0.4) },
        { id: "slope", prior: normal(-0.2, 0.3) },
      ],
      simulate: (theta, out) => {
        for (const [index, value] of g.entries())
          out[index] = theta[0]! * value + theta[1]! * efforts[index]!;
      },
    };
    const covariance = marginal(0.4);
    for (let row = 0; row < g.length; row++)
      for (let column = 0; column < g.length; column++)
        covariance.add(row, column, 0.3 ** 2 * efforts[row]! * efforts[column]!);
    const residual = y.map((value, index) => value - 0.5 * g[index]! + 0.2 * efforts[index]!);
    const { with: found } = calibrateWithDiscrepancy(two, [0.4, 0]);
    expect(found.logEvidence).toBeCloseTo(normalLogDensity(residual, covariance), 6);
    expect(found.covariance.get(0, 1)).toBeLessThan(-0.5 * found.sd[0]! * found.sd[1]!);
  });

  test("covers truths drawn from its own prior exactly as often as it says", () => {
    // θ and δ from their priors: 90 % intervals hold 90 %; the count is binomial.
    const RUNS = 200;
    const factor = cholesky(marginal(0));
    let inside = 0;
    for (let run = 0; run < RUNS; run++) {
      const random = dice(`truth ${run}`);
      const theta = 0.5 + 0.4 * random.normal();
      const white = g.map(() => random.normal());
      const observations = g.map((value, row) => {
        let sum = theta * value;
        for (let column = 0; column <= row; column++) sum += factor.get(row, column) * white[column]!;
        return sum;
      });
      const [low, high] = interval(calibrateWithDiscrepancy(problem(observations), [0.5]).with, 0, 0.9);
      if (low < theta && theta < high) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(binomialQuantile(0.005, RUNS, 0.9));
    expect(inside).toBeLessThanOrEqual(binomialQuantile(0.995, RUNS, 0.9));
  });
});

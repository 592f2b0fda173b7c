import {
  calibrateWithDiscrepancy,
  posteriorDraws,
} from "@plumbline/twin/calibration/discrepancy/calibrate-with-discrepancy";
import {
  type DiscrepantProblem,
  discrepantDensity,
  withoutDiscrepancy,
} from "@plumbline/twin/calibration/discrepancy/discrepant-problem";
import { GaussianProcess } from "@plumbline/twin/calibration/discrepancy/gaussian-process";
import { squaredExponential, weighted } from "@plumbline/twin/calibration/discrepancy/kernel";
import { interval } from "@plumbline/twin/calibration/discrepancy/laplace-posterior";
import {
  type PredictionTask,
  predictiveParts,
} from "@plumbline/twin/calibration/discrepancy/predictive-parts";
import { logJoint } from "@plumbline/twin/calibration/problem/priors";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { gamma } from "@plumbline/twin/probability/gamma";
import { halfNormal } from "@plumbline/twin/probability/half-normal";
import { uniform } from "@plumbline/twin/probability/uniform";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { binomialQuantile } from "../../../support/statistics.ts";
import { refusal } from "../../support/refusals.ts";

/** Work out of effort, with friction that the model does not know. Brynjarsdóttir & O'Hagan (2014), §2. */
const EFFICIENCY = 0.65;
const machine = (x: number): number => (EFFICIENCY * x) / (1 + x / 20);
const NOISE = 0.01;
const efforts = Float64Array.from({ length: 21 }, (_, index) => 0.2 + 0.19 * index);
const asPoints = (xs: ArrayLike<number>): Matrix => new Matrix(xs.length, 1, Float64Array.from(xs));
const proportional = (xs: ArrayLike<number>) => (theta: Float64Array, out: Float64Array) => {
  for (let index = 0; index < xs.length; index++) out[index] = theta[0]! * xs[index]!;
};
const ASKED = [0.5, 1.6, 2.7, 3.8];
const asked: PredictionTask = { points: asPoints(ASKED), simulate: proportional(ASKED), noise: NOISE };

const problemOf = (
  observations: Float64Array,
  more: Pick<DiscrepantProblem, "discrepancy" | "hyperpriors">,
): DiscrepantProblem => ({
  unknowns: [{ id: "efficiency", prior: uniform(0, 2) }],
  observations,
  noise: new Float64Array(observations.length).fill(NOISE),
  points: asPoints(efforts),
  simulate: proportional(efforts),
  ...more,
});
const vague = {
  discrepancy: squaredExponential({ sd: 0.2, length: 2 }),
  hyperpriors: { sd: halfNormal(0.3), length: gamma(4, 1.5) },
};
/** Friction is known to vanish with the square of the effort, to be of some per cent, and to change slowly. */
const informed = {
  discrepancy: weighted(squaredExponential({ sd: 0.04, length: 4 }), ([x]) => x! ** 2),
};
const readings = (seed: number): Float64Array => {
  const random = dice(`simple machine ${seed}`);
  return efforts.map((x) => machine(x) + NOISE * random.normal());
};

describe("a biased model", () => {
  const RUNS = 100;
  const HALF = 1.6448536269514722;
  // A fixed truth and a random noise: coverage is 90 % or more where the prior suits the truth. 99 % binomial bound.
  const AT_LEAST = binomialQuantile(0.01, RUNS, 0.9);
  const covered = { with: 0, without: 0, informed: 0 };
  const predicted = { with: ASKED.map(() => 0), without: ASKED.map(() => 0), informed: ASKED.map(() => 0) };
  for (let seed = 0; seed < RUNS; seed++) {
    const y = readings(seed);
    const random = dice(`draws ${seed}`);
    const count = (
      kind: "with" | "without" | "informed",
      problem: DiscrepantProblem,
      posterior: Parameters<typeof interval>[0],
    ) => {
      const [low, high] = interval(posterior, 0, 0.9);
      if (low < EFFICIENCY && EFFICIENCY < high) covered[kind]++;
      const { truth } = predictiveParts(problem, posteriorDraws(posterior, 60, random.split(kind)), asked);
      for (const [index, x] of ASKED.entries())
        if (Math.abs(truth.mean[index]! - machine(x)) < HALF * truth.sd[index]!) predicted[kind][index]!++;
    };
    const problem = problemOf(y, vague);
    const report = calibrateWithDiscrepancy(problem, [0.6]);
    count("with", problem, report.with);
    count("without", withoutDiscrepancy(problem), report.without);
    const known = problemOf(y, informed);
    count("informed", known, calibrateWithDiscrepancy(known, [0.6]).with);
  }

  test("without a discrepancy term covers neither its parameter nor what is real", () => {
    expect(covered.without).toBe(0);
    for (const count of predicted.without) expect(count).toBeLessThanOrEqual(RUNS * 0.1);
  });

  test("with the term covers what is real, wherever it is asked", () => {
    for (const count of predicted.with) expect(count).toBeGreaterThanOrEqual(AT_LEAST);
    for (const count of predicted.informed) expect(count).toBeGreaterThanOrEqual(AT_LEAST);
  });

  test("covers its parameter only when the prior of the term knows where it vanishes", () => {
    expect(covered.with).toBeLessThan(AT_LEAST);
    expect(covered.informed).toBeGreaterThanOrEqual(AT_LEAST);
  });
});

describe("the report", () => {
  const report = calibrateWithDiscrepancy(problemOf(readings(0), vague), [0.6]);

  test("says that the data ask for the term, that θ moved, and that the two are confounded", () => {
    expect(report.logEvidenceGain).toBeGreaterThan(100);
    const [efficiency] = report.parameters;
    expect(efficiency).toMatchObject({ id: "efficiency", confounded: true });
    expect(efficiency!.with.sd).toBeGreaterThan(10 * efficiency!.without.sd);
    expect(efficiency!.precisionKept).toBeCloseTo((efficiency!.without.sd / efficiency!.with.sd) ** 2, 12);
    expect(efficiency!.shift).toBeCloseTo(
      (efficiency!.with.mode - efficiency!.without.mode) / efficiency!.with.sd,
      12,
    );
    expect(report.with.converged && report.without.converged).toBe(true);
  });

  test("says that the residual of the plain model is not white, and counts the runs", () => {
    expect(report.residual.white).toBe(false);
    expect(report.residual.lagOne).toBeGreaterThan(0.5);
    expect(report.evaluations.runs).toBeGreaterThan(20);
    expect(report.evaluations.failed).toBe(0);
  });

  test("of a right model finds no need of the term", () => {
    const random = dice("right model");
    const right = calibrateWithDiscrepancy(
      problemOf(
        efforts.map((x) => EFFICIENCY * x + NOISE * random.normal()),
        vague,
      ),
      [0.6],
    );
    expect(right.logEvidenceGain).toBeLessThan(0);
    expect(right.residual.white).toBe(true);
  });

  test("keeps model, discrepancy and noise apart, whose doubts add up with their covariance", () => {
    const problem = problemOf(readings(0), vague);
    const { model, discrepancy, correlation, truth, reading } = predictiveParts(
      problem,
      posteriorDraws(report.with, 200, dice("parts")),
      asked,
    );
    for (let index = 0; index < ASKED.length; index++) {
      const [own, other] = [model.sd[index]!, discrepancy.sd[index]!];
      expect(truth.sd[index]! ** 2).toBeCloseTo(
        own ** 2 + other ** 2 + 2 * correlation[index]! * own * other,
        12,
      );
      expect(reading.sd[index]! ** 2).toBeCloseTo(truth.sd[index]! ** 2 + NOISE ** 2, 12);
      expect(truth.mean[index]).toBeCloseTo(model.mean[index]! + discrepancy.mean[index]!, 12);
      // Only their sum is known: each part is many times less certain than the whole.
      expect(correlation[index]).toBeLessThan(-0.9);
      expect(truth.sd[index]!).toBeLessThan(0.5 * own);
    }
  });
});

describe("the density for samplers", () => {
  test("has θ, then the hyperparameters that have a prior, and the dense likelihood", () => {
    const y = readings(1);
    const density = discrepantDensity(problemOf(y, { ...vague, hyperpriors: { length: gamma(4, 1.5) } }));
    expect(density.unknowns.map(({ id }) => id)).toEqual(["efficiency", "discrepancy length"]);
    const values = y.map((value, index) => value - 0.6 * efforts[index]!);
    const process = new GaussianProcess(squaredExponential({ sd: 0.2, length: 3 }), {
      points: asPoints(efforts),
      values,
      noise: NOISE,
    });
    expect(density.logLikelihood(Float64Array.of(0.6, 3))).toBeCloseTo(process.logMarginalLikelihood(), 9);
    expect(logJoint(density, [0.6, 3])).toBeCloseTo(
      process.logMarginalLikelihood() - Math.log(2) + gamma(4, 1.5).logDensity(3),
      9,
    );
  });

  test("takes a failed run for a failed run", () => {
    const broken = {
      ...problemOf(readings(1), vague),
      simulate: (_: Float64Array, out: Float64Array) => void out.fill(Number.NaN),
    };
    expect(discrepantDensity(broken).logLikelihood(Float64Array.of(0.6, 0.2, 2))).toBeNaN();
    expect(refusal(() => calibrateWithDiscrepancy(broken, [0.6])).code).toBe("MODEL_FAILS");
  });

  test("refuses what does not fit", () => {
    const problem = problemOf(readings(1), vague);
    const of = (more: Partial<DiscrepantProblem>) => () => discrepantDensity({ ...problem, ...more });
    expect(refusal(of({ points: asPoints([1, 2]) })).code).toBe("BAD_SHAPE");
    expect(refusal(of({ points: asPoints(efforts.map(() => Number.NaN)) })).code).toBe("NOT_FINITE");
    expect(refusal(of({ hyperpriors: { width: halfNormal(1) } })).message).toContain("width");
    expect(refusal(of({ noise: new Float64Array(efforts.length) })).code).toBe("BAD_READINGS");
    expect(
      refusal(() => predictiveParts(problem, new Matrix(1, 3, Float64Array.of(0.6, 0.2, 2)), asked)).code,
    ).toBe("TOO_FEW_DRAWS");
  });
});

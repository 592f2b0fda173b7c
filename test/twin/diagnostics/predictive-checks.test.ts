import {
  fitGeneralisedPareto,
  generalisedParetoQuantile,
} from "@plumbline/twin/diagnostics/generalised-pareto";
import { leaveOneOut, leaveOneOutPit } from "@plumbline/twin/diagnostics/leave-one-out";
import { paretoSmoothedWeights } from "@plumbline/twin/diagnostics/pareto-smoothing";
import {
  heldOutLogDensity,
  pitUniformity,
  predictiveCheck,
} from "@plumbline/twin/diagnostics/predictive-checks";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { logSumExp } from "@plumbline/twin/probability/log-sum-exp";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

describe("the generalised Pareto fit", () => {
  const quantiles = (shape: number, count: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) =>
      generalisedParetoQuantile({ shape, scale: 2 }, (i + 0.5) / count),
    );

  // Recomputed with numpy from the published formulas.
  test.each([
    [-0.3, -0.119944231256471],
    [0.2, 0.272892414395753],
    [0.5, 0.506046918750371],
    [1, 0.895034767881356],
  ])("of 50 quantiles of shape %d is the recomputed one", (shape, expected) => {
    expect(Math.abs(fitGeneralisedPareto(quantiles(shape, 50)).shape - expected)).toBeLessThan(1e-10);
  });

  // Bias of the estimate vanishes like 1/n, and so does the pull of ten observations towards ½.
  test("of many quantiles is their shape and scale", () => {
    for (const shape of [-0.3, 0.2, 0.5, 1]) {
      const fit = fitGeneralisedPareto(quantiles(shape, 20_000));
      expect(Math.abs(fit.shape - shape)).toBeLessThan(3e-3);
      expect(Math.abs(fit.scale / 2 - 1)).toBeLessThan(6e-3);
    }
  });

  test("has the exponential at shape 0", () => {
    expect(generalisedParetoQuantile({ shape: 0, scale: 2 }, 0.5)).toBeCloseTo(2 * Math.LN2, 14);
    expect(generalisedParetoQuantile({ shape: 1e-9, scale: 2 }, 0.5)).toBeCloseTo(2 * Math.LN2, 8);
  });

  test("of exceedances that tie at zero does not exist", () => {
    expect(fitGeneralisedPareto(Float64Array.of(0, 0, 0, 0, 0, 1)).shape).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("Pareto-smoothed weights", () => {
  test("of ratios with a Pareto tail, as recomputed with numpy", () => {
    const ratios = Array.from({ length: 1000 }, (_, i) => -0.7 * Math.log1p(-(i + 0.5) / 1000));
    const { logWeights, paretoShape, limit } = paretoSmoothedWeights(ratios);
    expect(Math.abs(paretoShape - 0.670657768314357)).toBeLessThan(1e-10);
    expect(Math.abs(logWeights[999]! - -2.81094553561284)).toBeLessThan(1e-10);
    expect(Math.abs(logWeights[0]! - -8.02878650583644)).toBeLessThan(1e-10);
    expect(limit).toBeCloseTo(1 - 1 / 3, 14);
    expect(logSumExp(logWeights)).toBeCloseTo(0, 12);
  });

  test("tell ratios of infinite variance and of infinite mean by their shape", () => {
    const roll = dice("ratios");
    // w = u^(−k): a Pareto tail of shape k; the estimate from 190 of 4,000 has sd about (1 + k)/√190 = 0.11 to 0.16.
    const shapeOf = (k: number): number =>
      paretoSmoothedWeights(Float64Array.from({ length: 4000 }, () => -k * Math.log(roll.uniform())))
        .paretoShape;
    expect(Math.abs(shapeOf(0.3) - 0.3)).toBeLessThan(0.3);
    expect(Math.abs(shapeOf(1.2) - 1.2)).toBeLessThan(0.45);
  });

  test("never exceed the largest raw ratio, and keep the order", () => {
    const roll = dice("order");
    const ratios = Float64Array.from({ length: 500 }, () => 2 * roll.normal());
    const { logWeights } = paretoSmoothedWeights(ratios);
    const order = [...ratios.keys()].sort((left, right) => ratios[left]! - ratios[right]!);
    for (let place = 1; place < 500; place++)
      expect(logWeights[order[place]!]!).toBeGreaterThanOrEqual(logWeights[order[place - 1]!]!);
    expect(logWeights[order[499]!]! - logWeights[order[0]!]!).toBeLessThanOrEqual(
      ratios[order[499]!]! - ratios[order[0]!]! + 1e-12,
    );
  });

  test("are the plain ones when the tail says nothing, and that is not called reliable", () => {
    const equal = paretoSmoothedWeights(new Float64Array(100));
    expect(equal.logWeights[7]).toBeCloseTo(-Math.log(100), 14);
    expect(equal.paretoShape).toBe(Number.POSITIVE_INFINITY);
    expect(equal.reliable).toBe(false);
    expect(paretoSmoothedWeights([0, 1, 2]).reliable).toBe(false);
    // A tail of 20 above all others, but of one value.
    const step = paretoSmoothedWeights(Float64Array.from({ length: 100 }, (_, i) => (i < 80 ? 0 : 1)));
    expect(step.paretoShape).toBe(Number.POSITIVE_INFINITY);
    expect(step.logWeights[99]! - step.logWeights[0]!).toBeCloseTo(1, 14);
  });

  test("refuse ratios that are none", () => {
    expect(refusal(() => paretoSmoothedWeights([0, Number.NaN])).code).toBe("BAD_WEIGHT");
    expect(refusal(() => paretoSmoothedWeights([])).code).toBe("BAD_WEIGHT");
    expect(refusal(() => paretoSmoothedWeights([Number.NEGATIVE_INFINITY])).code).toBe("BAD_WEIGHT");
  });
});

/** y_i ~ N(μ, 1), μ ~ N(0, 10²): posterior draws, log-likelihoods and replicates. */
function conjugate(observations: readonly number[], draws: number, seed: string) {
  const roll = dice(seed);
  const precision = observations.length + 0.01;
  const mean = observations.reduce((sum, y) => sum + y, 0) / precision;
  const logLikelihoods = new Matrix(draws, observations.length);
  const replicates = new Matrix(draws, observations.length);
  for (let draw = 0; draw < draws; draw++) {
    const mu = mean + roll.normal() / Math.sqrt(precision);
    for (const [index, y] of observations.entries()) {
      logLikelihoods.set(draw, index, -0.5 * (y - mu) ** 2 - 0.5 * Math.log(2 * Math.PI));
      replicates.set(draw, index, mu + roll.normal());
    }
  }
  return { logLikelihoods, replicates };
}

/** ln p(y_i | the others), in closed form. */
function exactLeaveOneOut(observations: readonly number[]): number[] {
  return observations.map((y, index) => {
    const rest = observations.filter((_, other) => other !== index);
    const precision = rest.length + 0.01;
    const mean = rest.reduce((sum, value) => sum + value, 0) / precision;
    const variance = 1 + 1 / precision;
    return -0.5 * ((y - mean) ** 2 / variance + Math.log(2 * Math.PI * variance));
  });
}

describe("leave-one-out by one posterior sample", () => {
  const roll = dice("observations");
  const observations = Array.from({ length: 30 }, () => 2 + roll.normal());

  test("is the exact predictive density of a conjugate model", () => {
    const { logLikelihoods } = conjugate(observations, 4000, "draws");
    const { elpd, pointwise, unreliable, effectiveParameters, limit } = leaveOneOut(logLikelihoods);
    const exact = exactLeaveOneOut(observations);
    // ln of a mean of 4,000 likelihoods whose coefficient of variation is below |e|/√30 + 1/30 ≤ 0.6: sd ≤ 0.6/√4000 = 0.01.
    for (const [index, value] of pointwise.entries())
      expect(Math.abs(value - exact[index]!)).toBeLessThan(0.04);
    expect(Math.abs(elpd - exact.reduce((sum, value) => sum + value, 0))).toBeLessThan(0.1);
    expect(unreliable).toEqual([]);
    expect(limit).toBe(0.7);
    expect(Math.abs(effectiveParameters - 1)).toBeLessThan(0.7);
  });

  test("names the observation that moves the posterior too far", () => {
    const wild = [...observations.slice(0, 4), 40];
    const { unreliable, paretoShapes } = leaveOneOut(conjugate(wild, 4000, "wild").logLikelihoods);
    expect(unreliable).toContain(4);
    expect(paretoShapes[4]!).toBeGreaterThan(0.7);
  });

  test("has uniform PIT values when the model is right, and not when its noise is too small", () => {
    const many = Array.from({ length: 200 }, () => roll.normal());
    const { logLikelihoods, replicates } = conjugate(many, 1000, "pit");
    expect(pitUniformity(leaveOneOutPit(replicates, many, logLikelihoods)).p).toBeGreaterThan(0.01);
    const noisy = many.map((value) => 2 * value);
    const wrong = conjugate(noisy, 1000, "wrong");
    expect(pitUniformity(leaveOneOutPit(wrong.replicates, noisy, wrong.logLikelihoods)).p).toBeLessThan(1e-6);
  });

  test("refuses what is no log-likelihood", () => {
    expect(refusal(() => leaveOneOut(new Matrix(1, 3))).code).toBe("BAD_FORECAST");
    expect(refusal(() => leaveOneOut(new Matrix(2, 1, Float64Array.of(0, Number.NaN)))).code).toBe(
      "BAD_FORECAST",
    );
    expect(refusal(() => leaveOneOutPit(new Matrix(2, 2), [1], new Matrix(2, 1))).code).toBe("BAD_SHAPE");
  });
});

describe("posterior predictive checks", () => {
  const roll = dice("replicates");
  const replicates = new Matrix(
    2000,
    20,
    Float64Array.from({ length: 40_000 }, () => roll.normal()),
  );

  test("give the share of replicates above, both sides", () => {
    const data = new Float64Array(20).fill(0.5);
    const mean = (values: Float64Array): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    // Mean of 20: N(0, 1/20); P(> 0.5) = P(Z > 2.236) = 0.0127; sd of the share of 2,000: 0.0025.
    const check = predictiveCheck(replicates, data, mean);
    expect(check.observed).toBe(0.5);
    expect(Math.abs(check.above - 0.0127)).toBeLessThan(0.0075);
    expect(check.p).toBeCloseTo(2 * check.above, 14);
    // A statistic that was not fitted sees what the mean cannot: no spread at all.
    const spread = (values: Float64Array): number => Math.max(...values) - Math.min(...values);
    expect(predictiveCheck(replicates, new Float64Array(20), spread).p).toBe(0);
  });

  test("halve ties", () => {
    expect(predictiveCheck(new Matrix(4, 1), [0], ([value]) => value!)).toEqual({
      observed: 0,
      above: 0.5,
      p: 1,
    });
  });

  test("refuse a statistic that is not a number", () => {
    expect(refusal(() => predictiveCheck(replicates, new Float64Array(20), () => Number.NaN)).code).toBe(
      "BAD_FORECAST",
    );
    expect(refusal(() => predictiveCheck(replicates, [1], () => 0)).code).toBe("BAD_SHAPE");
    expect(refusal(() => pitUniformity([0.5, Number.NaN])).code).toBe("BAD_FORECAST");
    expect(refusal(() => pitUniformity([0.5, 1.1])).code).toBe("BAD_FORECAST");
  });
});

describe("held-out log density", () => {
  test("is ln of the mean density, observation by observation", () => {
    const densities = Matrix.from([
      [0.1, 0.2],
      [0.3, 0],
    ]);
    const { total, pointwise } = heldOutLogDensity(new Matrix(2, 2, densities.data.map(Math.log)));
    expect(pointwise[0]).toBeCloseTo(Math.log(0.2), 14);
    expect(pointwise[1]).toBeCloseTo(Math.log(0.1), 14);
    expect(total).toBeCloseTo(Math.log(0.02), 14);
  });

  test("does not underflow", () => {
    expect(heldOutLogDensity(Matrix.from([[-2000], [-2000]])).total).toBeCloseTo(-2000, 10);
  });

  test("refuses nothing and NaN", () => {
    expect(refusal(() => heldOutLogDensity(new Matrix(0, 1))).code).toBe("BAD_FORECAST");
    expect(refusal(() => heldOutLogDensity(Matrix.from([[Number.NaN]]))).code).toBe("BAD_FORECAST");
  });
});

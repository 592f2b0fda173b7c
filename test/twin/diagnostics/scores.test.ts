import {
  crpsEnsemble,
  crpsFair,
  crpsGaussian,
  crpsGaussianMixture,
  crpsQuantiles,
  pinballLoss,
} from "@plumbline/twin/diagnostics/crps";
import {
  compareScores,
  dawidSebastiani,
  dawidSebastianiVector,
  energyScore,
  intervalScore,
  logScoreGaussian,
  logScoreGaussianMixture,
  logScoreNormal,
} from "@plumbline/twin/diagnostics/scores";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { standardNormalQuantile } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

const relative = (value: number, expected: number): number => Math.abs(value / expected - 1);

describe("the continuous ranked probability score", () => {
  test.each([
    [0, 1, 0, 0.23369497725510907],
    [0, 1, 1, 0.6024413576276163],
    [0, 1, -2.5, 1.9398186908105002],
    [1.5, 0.3, 1.2, 0.18073240728828494],
    [20, 4, 35, 12.74340991271189],
  ])("of N(%d, %d²) at %d is the published one", (mean, sd, observation, expected) => {
    expect(relative(crpsGaussian(mean, sd, observation), expected)).toBeLessThan(1e-13);
    expect(relative(crpsGaussianMixture([{ weight: 3, mean, sd }], observation), expected)).toBeLessThan(
      1e-13,
    );
  });

  test("of an ensemble is 0.576 as published and 0.36 fair", () => {
    expect(crpsEnsemble([1.2, 3.4, 0.7, 2.2, 5], 2.9)).toBeCloseTo(0.576, 14);
    expect(crpsFair([1.2, 3.4, 0.7, 2.2, 5], 2.9)).toBeCloseTo(0.36, 14);
  });

  test("of an ensemble far from zero keeps its digits", () => {
    const shift = 2 ** 30;
    const members = [1.25, 3.5, 0.75, 2.25, 5];
    expect(
      crpsFair(
        members.map((member) => member + shift),
        2.5 + shift,
      ),
    ).toBe(crpsFair(members, 2.5));
  });

  test("of a point is the absolute error", () => {
    expect(crpsEnsemble([3], 5)).toBe(2);
    expect(relative(crpsGaussian(3, 1e-12, 5), 2)).toBeLessThan(1e-11);
  });

  // ∫ (F − 1)² by the trapezoidal rule on 20,000 steps of 0.001: error below h²/12 · |f'|·range ~ 1e-6, kink 1e-3² more.
  test("of a mixture is the integral of the squared difference of distribution functions", () => {
    const mixture = [
      { weight: 0.3, mean: -1, sd: 0.5 },
      { weight: 0.7, mean: 2, sd: 1.2 },
    ];
    const members = mixture.flatMap(({ weight, mean, sd }) =>
      Array.from(
        { length: weight * 2000 },
        (_, i) => mean + sd * standardNormalQuantile((i + 0.5) / (weight * 2000)),
      ),
    );
    // 2,000 stratified members stand for the mixture: error of order 1/M.
    expect(Math.abs(crpsGaussianMixture(mixture, 0.4) - crpsEnsemble(members, 0.4))).toBeLessThan(1e-3);
  });

  test("by quantiles approaches the closed form", () => {
    const quantiles = Array.from({ length: 200 }, (_, i) => ({
      probability: (i + 0.5) / 200,
      value: standardNormalQuantile((i + 0.5) / 200),
    }));
    expect(Math.abs(crpsQuantiles(quantiles, 1) - 0.6024413576276163)).toBeLessThan(1 / 200);
  });

  test("is proper: the truth scores best on average, whichever way a forecast is wrong", () => {
    const roll = dice("proper");
    const observations = Float64Array.from({ length: 4000 }, () => roll.normal());
    const average = (mean: number, sd: number): number =>
      observations.reduce((sum, y) => sum + crpsGaussian(mean, sd, y), 0) / observations.length;
    for (const [mean, sd] of [
      [0.2, 1],
      [0, 0.7],
      [0, 1.4],
    ] as const)
      expect(average(mean, sd)).toBeGreaterThan(average(0, 1));
  });

  test("of fair ensembles does not depend on their size, of empirical ones it does", () => {
    const roll = dice("fair");
    const cases = 20_000;
    const average = (size: number, of: typeof crpsFair): number => {
      let sum = 0;
      for (let i = 0; i < cases; i++)
        sum += of(
          Float64Array.from({ length: size }, () => roll.normal()),
          roll.normal(),
        );
      return sum / cases;
    };
    // E = 1/√π = 0.5642; sd of one fair score of 2 is below 1: 4 sd of the mean = 0.028. Empirical of 2: 1/√π · (1 + 1/2).
    expect(Math.abs(average(2, crpsFair) - 1 / Math.sqrt(Math.PI))).toBeLessThan(0.028);
    expect(Math.abs(average(2, crpsEnsemble) - 1.5 / Math.sqrt(Math.PI))).toBeLessThan(0.028);
  });
});

describe("other scores", () => {
  test("the log score of a Gaussian is −ln of its density", () => {
    expect(logScoreGaussian(1, 2, 4)).toBeCloseTo(0.5 * Math.log(2 * Math.PI * 4) + 9 / 8, 14);
    const covariance = Matrix.from([
      [2, 1],
      [1, 2],
    ]);
    // det 3; (1, 0) C⁻¹ (1, 0)ᵀ = 2/3.
    expect(logScoreNormal([0, 0], covariance, [1, 0])).toBeCloseTo(
      Math.log(2 * Math.PI) + 0.5 * Math.log(3) + 1 / 3,
      14,
    );
  });

  test("the log score of a mixture is −ln of its density, also where all densities underflow", () => {
    const mixture = [
      { weight: 1, mean: 0, sd: 1 },
      { weight: 3, mean: 2, sd: 0.5 },
    ];
    const density =
      0.25 * Math.exp(-logScoreGaussian(0, 1, 1)) + 0.75 * Math.exp(-logScoreGaussian(2, 0.5, 1));
    expect(logScoreGaussianMixture(mixture, 1)).toBeCloseTo(-Math.log(density), 14);
    expect(logScoreGaussianMixture(mixture, 100)).toBeCloseTo(logScoreGaussian(0, 1, 100) + Math.log(4), 10);
    expect(refusal(() => logScoreGaussianMixture([{ weight: -1, mean: 0, sd: 1 }], 0)).code).toBe(
      "BAD_FORECAST",
    );
  });

  test("Dawid and Sebastiani's is the log score without constants, in one dimension and in many", () => {
    expect(dawidSebastiani(1, 2, 4)).toBeCloseTo(9 / 4 + Math.log(4), 14);
    expect(dawidSebastianiVector([1], Matrix.from([[4]]), [4])).toBeCloseTo(9 / 4 + Math.log(4), 14);
  });

  test("an interval pays its width, and 2/(1 − level) for each unit missed", () => {
    expect(intervalScore(0.9, 1, 3, 2)).toBe(2);
    expect(intervalScore(0.9, 1, 3, 3.5)).toBeCloseTo(2 + 20 * 0.5, 12);
    expect(intervalScore(0.5, 1, 3, 0)).toBeCloseTo(2 + 4, 12);
  });

  test("the energy score of one component is the CRPS; of two it is the known one", () => {
    const members = new Matrix(5, 1, Float64Array.of(1.2, 3.4, 0.7, 2.2, 5));
    expect(energyScore(members, [2.9])).toBeCloseTo(0.576, 14);
    // Distances to (0, 0): 5 and 0; between members 5: 2.5 − 5·2/8.
    expect(
      energyScore(
        Matrix.from([
          [3, 4],
          [0, 0],
        ]),
        [0, 0],
      ),
    ).toBeCloseTo(1.25, 14);
  });

  test("the pinball loss is least at the quantile", () => {
    expect(pinballLoss(0.9, 2, 3)).toBeCloseTo(0.9, 14);
    expect(pinballLoss(0.9, 2, 1)).toBeCloseTo(0.1, 14);
  });

  test("a comparison tells skill and the error of the difference", () => {
    const { score, baseline, skill, difference, standardError } = compareScores([1, 2, 3], [2, 4, 6]);
    expect([score, baseline, skill, difference]).toEqual([2, 4, 0.5, -2]);
    expect(standardError).toBeCloseTo(1 / Math.sqrt(3), 14);
    expect(compareScores([-1, -2], [-3, -1]).skill).toBeNaN();
  });
});

describe("what cannot be scored is refused", () => {
  test.each([
    ["a standard deviation of 0", () => crpsGaussian(0, 0, 1)],
    ["a negative one", () => logScoreGaussian(0, -1, 1)],
    ["a forecast that is not a number", () => crpsGaussian(Number.NaN, 1, 1)],
    ["an observation that is missing", () => crpsEnsemble([1, 2], Number.NaN)],
    ["an empty ensemble", () => crpsEnsemble([], 1)],
    ["a fair score of one member", () => crpsFair([1], 1)],
    ["an interval upside down", () => intervalScore(0.9, 2, 1, 0)],
    ["a level of 1", () => intervalScore(1, 1, 2, 0)],
    [
      "a negative weight",
      () =>
        crpsGaussianMixture(
          [-1, 3].map((weight) => ({ weight, mean: 0, sd: 1 })),
          0,
        ),
    ],
    ["an empty mixture", () => crpsGaussianMixture([], 0)],
    ["no quantiles", () => crpsQuantiles([], 0)],
    ["one case", () => compareScores([1], [1])],
  ])("%s", (_, call) => {
    expect(refusal(call).code).toBe("BAD_FORECAST");
  });

  test("a covariance that is none", () => {
    const covariance = Matrix.from([
      [1, 2],
      [2, 1],
    ]);
    expect(refusal(() => logScoreNormal([0, 0], covariance, [0, 0])).code).toBe("NOT_POSITIVE_DEFINITE");
    expect(refusal(() => logScoreNormal([0], covariance, [0, 0])).code).toBe("BAD_SHAPE");
  });
});

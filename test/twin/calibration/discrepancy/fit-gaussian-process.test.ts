import { fitGaussianProcess } from "@plumbline/twin/calibration/discrepancy/fit-gaussian-process";
import { GaussianProcess } from "@plumbline/twin/calibration/discrepancy/gaussian-process";
import { squaredExponential } from "@plumbline/twin/calibration/discrepancy/kernel";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { logNormal } from "@plumbline/twin/probability/log-normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

const N = 40;
const xs = Float64Array.from({ length: N }, (_, index) => index / 4);
const random = dice("a fitted process");
const data = {
  points: new Matrix(N, 1, xs),
  values: xs.map((x) => 3 * Math.sin(x) + 0.2 * random.normal()),
  noise: 0.2,
};
const start = squaredExponential({ sd: 1, length: 1 });

describe("hyperparameters by maximum likelihood", () => {
  const fit = fitGaussianProcess(start, data, { learnNoise: true, starts: 4, dice: dice("starts") });

  test("end where the likelihood is flat, and no neighbour is likelier", () => {
    expect(fit.converged).toBe(true);
    const values = fit.kernel.hyperparameters.map(({ value }) => value);
    for (const slope of fit.process.gradient()) expect(Math.abs(slope)).toBeLessThan(1e-3);
    expect(Math.abs(fit.process.noiseGradient(fit.noise as number))).toBeLessThan(1e-3);
    for (const factor of [0.9, 1.1])
      for (const index of [0, 1, 2]) {
        const moved = [...values, fit.noise as number].map((value, at) =>
          at === index ? value * factor : value,
        );
        const other = new GaussianProcess(start.withValues(moved.slice(0, 2)), { ...data, noise: moved[2]! });
        expect(other.logMarginalLikelihood()).toBeLessThan(fit.logMarginalLikelihood);
      }
  });

  test("find the noise that was put in, and say how many climbs agree", () => {
    // The sd of an estimated sd from some 30 free residuals is about 1/√60 of it.
    expect(fit.noise as number).toBeGreaterThan(0.2 * (1 - 3 / Math.sqrt(60)));
    expect(fit.noise as number).toBeLessThan(0.2 * (1 + 3 / Math.sqrt(60)));
    expect(fit.starts).toBe(4);
    expect(fit.agreeing).toBeGreaterThanOrEqual(2);
  });

  test("are the same for the same dice, and differ from those under a strong prior", () => {
    const again = fitGaussianProcess(start, data, { learnNoise: true, starts: 4, dice: dice("starts") });
    expect(again.logMarginalLikelihood).toBe(fit.logMarginalLikelihood);
    const held = fitGaussianProcess(start, data, { priors: { length: logNormal(Math.log(0.3), 0.01) } });
    expect(held.kernel.hyperparameters[1]?.value).toBeCloseTo(0.3, 1);
    expect(held.logMarginalLikelihood).toBeLessThan(fit.logMarginalLikelihood);
  });

  test("refuse options that make no sense, and bad data at once", () => {
    expect(refusal(() => fitGaussianProcess(start, data, { starts: 3 })).code).toBe("BAD_OPTION");
    expect(refusal(() => fitGaussianProcess(start, { ...data, noise: 0 }, { learnNoise: true })).code).toBe(
      "BAD_OPTION",
    );
    expect(
      refusal(() => fitGaussianProcess(start, data, { priors: { width: logNormal(0, 1) } })).message,
    ).toContain("width");
    expect(refusal(() => fitGaussianProcess(start, { ...data, values: data.values.slice(1) })).code).toBe(
      "BAD_SHAPE",
    );
  });
});

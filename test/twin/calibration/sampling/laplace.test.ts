import type { DensityProblem } from "@plumbline/twin/calibration/problem/problem";
import { laplace } from "@plumbline/twin/calibration/sampling/laplace";
import { halfCauchy } from "@plumbline/twin/probability/half-cauchy";
import { logNormal } from "@plumbline/twin/probability/log-normal";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

const log = (x: number, mean: number, sd: number): number =>
  -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);

describe("Laplace's approximation", () => {
  test("is exact for a linear model with Gaussian noise, evidence included", () => {
    // x, y ~ N(0, 3²), read as x + y = 2 ± 0.1: sums of Gaussians.
    const sum: DensityProblem = {
      unknowns: ["x", "y"].map((id) => ({ id, prior: normal(0, 3) })),
      logLikelihood: ([x = 0, y = 0]) => log(2, x + y, 0.1),
    };
    const result = laplace(sum, { dice: dice(1) });
    expect(result.converged).toBe(true);
    expect(result.logEvidence!.value).toBeCloseTo(log(2, 0, Math.sqrt(18.01)), 6);
    const mean = (9 / 18.01) * 2;
    for (const { mean: found, sd } of result.summaries) {
      expect(found).toBeCloseTo(mean, 6);
      expect(sd).toBeCloseTo(Math.sqrt(9 - 81 / 18.01), 5);
    }
    expect(result.findings).toEqual([]);
  });

  test("gives a log-normal posterior's own mean, sd and quantiles", () => {
    // ln R ~ N(0, 1) read as ln R = 0.5 ± 1: N(0.25, ½) in ln R.
    const resistance: DensityProblem = {
      unknowns: [{ id: "R", prior: logNormal(0, 1) }],
      logLikelihood: ([r = 0]) => log(0.5, Math.log(r), 1),
    };
    const [r] = laplace(resistance, { dice: dice(2) }).summaries;
    const mean = Math.exp(0.25 + 0.25);
    expect(r!.mean).toBeCloseTo(mean, 6);
    expect(r!.sd).toBeCloseTo(mean * Math.sqrt(Math.exp(0.5) - 1), 5);
    const quantile = r!.quantiles.find(({ probability }) => probability === 0.975)!.value;
    expect(quantile).toBeCloseTo(Math.exp(0.25 + 1.959963984540054 * Math.SQRT1_2), 5);
  });

  test("tells when the posterior is no Gaussian", () => {
    const quartic: DensityProblem = {
      unknowns: ["x", "y"].map((id) => ({ id, prior: normal(0, 100) })),
      logLikelihood: ([x = 0, y = 0]) => -(x ** 2) / 20 - x ** 4 - y ** 2,
    };
    expect(laplace(quartic, { dice: dice(3) }).findings).toContainEqual(
      expect.objectContaining({ kind: "not a Gaussian" }),
    );
  });

  test("tells when there is no inner maximum, with no number at all", () => {
    const hierarchy: DensityProblem = {
      unknowns: [
        ...[0, 1, 2].map((id) => ({ id: `theta${id}`, prior: normal(0, 10) })),
        { id: "tau", prior: halfCauchy(1) },
      ],
      logPrior: ([a = 0, b = 0, c = 0, tau = 1]) => log(a, 0, tau) + log(b, 0, tau) + log(c, 0, tau),
      logLikelihood: ([a = 0, b = 0, c = 0]) => log(0.1, a, 1) + log(-0.2, b, 1) + log(0.3, c, 1),
    };
    const result = laplace(hierarchy, { dice: dice(4) });
    expect(result).toMatchObject({ converged: false, findings: [{ kind: "no inner maximum" }] });
    expect(result.summaries.every(({ mean, sd }) => Number.isNaN(mean) && Number.isNaN(sd))).toBe(true);
    expect(result.gaussian).toBeUndefined();
  });

  test("refuses a start where the data cannot be", () => {
    const walled: DensityProblem = {
      unknowns: [{ id: "x", prior: normal(0, 1) }],
      logLikelihood: ([x = 0]) => (x > 0 ? -x : Number.NEGATIVE_INFINITY),
    };
    expect(refusal(() => laplace(walled, { dice: dice(5), start: [-1] }))).toMatchObject({
      code: "NO_POSSIBLE_START",
    });
    expect(refusal(() => laplace(walled, { dice: dice(5), checks: 3 }))).toMatchObject({
      code: "BAD_CHECKS",
    });
  });
});

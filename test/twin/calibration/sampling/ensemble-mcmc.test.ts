import type { DensityProblem } from "@plumbline/twin/calibration/problem/problem";
import { ensembleMcmc } from "@plumbline/twin/calibration/sampling/ensemble-mcmc";
import { flat } from "@plumbline/twin/probability/flat";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

/** A narrow ridge far from the origin, in units of 1e6 and 1e-6: a correlation of 0.9999, flat priors. */
const ridge: DensityProblem = {
  unknowns: [
    { id: "large", prior: flat() },
    { id: "small", prior: flat() },
  ],
  logLikelihood([large = 0, small = 0]) {
    const u = (large - 3e6) / 1e5;
    const v = (small - 2e-6) / 1e-7;
    return -0.5 * (u * u + ((v - u) / 0.014) ** 2);
  },
};

describe("ensembles of walkers", () => {
  test("find a ridge in foreign units from no start at all, and reach R-hat and effective sizes", () => {
    const result = ensembleMcmc(ridge, { dice: dice(1), walkers: 64, ess: 400 });
    expect(result.converged).toBe(true);
    for (const { rhat, essBulk, essTail } of result.summaries) {
      expect(rhat).toBeLessThan(1.01);
      expect(Math.min(essBulk!, essTail!)).toBeGreaterThanOrEqual(400);
    }
    const [large, small] = result.summaries;
    expect(Math.abs(large!.mean - 3e6)).toBeLessThan(4.5 * large!.mcse!);
    expect(Math.abs(small!.mean - 2e-6)).toBeLessThan(4.5 * small!.mcse!);
    // 400 effective draws know a sd to 3.5 %; the bound is four of these.
    expect(Math.abs(Math.log(large!.sd / 1e5))).toBeLessThan(0.14);
    expect(result.logEvidence).toBeUndefined();
  });

  test("say that they have not converged when the runs are spent", () => {
    const result = ensembleMcmc(ridge, { dice: dice(1), walkers: 32, ess: 1e6, runs: 20_000 });
    expect(result.converged).toBe(false);
    expect(result.reason).toMatch(/runs were spent at R-hat .*asked: R-hat < 1.01, ESS ≥ 1000000/);
    expect(result.findings).toContainEqual({ kind: "not converged", text: result.reason });
  });

  test("that settle in different modes do not claim to agree", () => {
    const islands: DensityProblem = {
      unknowns: [{ id: "x", prior: normal(0, 100) }],
      // 40 islands of sd 1e-3: tempering with 16 walkers finds a few of them, others in each ensemble.
      logLikelihood: ([x = 0]) => (Math.abs(x) > 20 ? -800 : -0.5 * ((x - Math.round(x)) / 1e-3) ** 2),
    };
    const result = ensembleMcmc(islands, { dice: dice(2), walkers: 16, runs: 30_000 });
    expect(result.converged).toBe(false);
    expect(Math.max(...result.summaries.map(({ rhat }) => rhat!))).toBeGreaterThan(1.01);
  });

  test("find a start by themselves where the middle of the supports is impossible", () => {
    const corner: DensityProblem = {
      unknowns: ["a", "b"].map((id) => ({ id, prior: flat(0, 1) })),
      logLikelihood: ([a = 0, b = 0]) =>
        a + b >= 1 ? Number.NEGATIVE_INFINITY : 2 * Math.log(a) + Math.log(b),
    };
    // Dirichlet(3, 2, 1): means 1/2 and 1/3.
    const { summaries, runs } = ensembleMcmc(corner, { dice: dice(5), walkers: 32, ess: 200 });
    expect(Math.abs(summaries[0]!.mean - 1 / 2)).toBeLessThan(4.5 * summaries[0]!.mcse!);
    expect(Math.abs(summaries[1]!.mean - 1 / 3)).toBeLessThan(4.5 * summaries[1]!.mcse!);
    expect(runs.failed).toBe(0);
    expect(runs.impossible).toBeGreaterThan(0);
  });

  test("repeat themselves from a seed", () => {
    const run = (): unknown => ensembleMcmc(ridge, { dice: dice(3), walkers: 16, ess: 50, runs: 20_000 });
    expect(run()).toEqual(run());
  });

  test("whose walkers have given less than five draws each are not believed, whatever their number", () => {
    const result = ensembleMcmc(ridge, { dice: dice(6), walkers: 512, ess: 10, runs: 20_000 });
    expect(result.converged).toBe(false);
    expect(result.reason).toContain("ESS ≥ 10240");
  });

  test.each([{ runs: Number.NaN }, { kept: 0 }, { rhat: Number.NaN }, { ess: 0 }])("refuse %o", (options) => {
    expect(refusal(() => ensembleMcmc(ridge, { dice: dice(4), ...options }))).toMatchObject({
      code: "BAD_OPTION",
    });
  });

  test("are at least two, of at least sixteen", () => {
    expect(refusal(() => ensembleMcmc(ridge, { dice: dice(4), ensembles: 1 }))).toMatchObject({
      code: "BAD_ENSEMBLES",
    });
    expect(refusal(() => ensembleMcmc(ridge, { dice: dice(4), walkers: 8 }))).toMatchObject({
      code: "BAD_POPULATIONS",
    });
  });
});

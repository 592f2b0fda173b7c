import { calibrate } from "@plumbline/twin/calibration/calibrate";
import type { DensityProblem, Unknown } from "@plumbline/twin/calibration/problem/problem";
import { Target } from "@plumbline/twin/calibration/problem/target";
import { ensembleMcmc } from "@plumbline/twin/calibration/sampling/ensemble-mcmc";
import { sequentialMonteCarlo } from "@plumbline/twin/calibration/sampling/sequential-monte-carlo";
import { beyondReach } from "@plumbline/twin/calibration/sampling/widening";
import { flat } from "@plumbline/twin/probability/flat";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const normal = (x: number, mean: number, sd: number): number => -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd);
const flatly = (...ids: string[]): Unknown[] => ids.map((id) => ({ id, prior: flat() }));

/**
 * x ~ N(1/2, 0.8), y_k ~ N(x², 0.1): a ridge that no curvature at the mode shows. E y = 1/4 + 0.64; Var x² = 2 · 0.64² + 4 · 0.64/4
 * = 1.4592, Var y = 1.4692.
 */
const bent: DensityProblem = {
  unknowns: flatly("x", "y1", "y2", "y3"),
  logLikelihood: ([x = 0, ...ys]) => ys.reduce((sum, y) => sum + normal(y, x * x, 0.1), normal(x, 0.5, 0.8)),
};
const moments = [[0.5, 0.8], ...[1, 2, 3].map(() => [0.89, Math.sqrt(1.4692)] as const)] as const;

describe("a bent ridge under flat priors", () => {
  test.each([
    ["smc", (seed: number) => sequentialMonteCarlo(bent, { dice: dice(seed), populations: 8, points: 256 })],
    ["ensemble-mcmc", (seed: number) => ensembleMcmc(bent, { dice: dice(seed), walkers: 64 })],
  ] as const)("is walked to its ends by %s", (_, run) => {
    const result = run(1);
    expect(result.converged).toBe(true);
    expect(result.findings).toEqual([]);
    result.summaries.forEach(({ id, mean, sd, mcse }, index) => {
      const [exact, spread] = moments[index]!;
      // 8 populations: |t₇| > 5 has probability 0.2 %. Of more than 1000 effective draws, kurtosis about 8 (of y):
      // a sd is known to √((8 − 1)/4000) = 4 %; four of these, less than the 20 % that a narrow start once cost.
      expect(Math.abs(mean - exact), id).toBeLessThan(5 * mcse!);
      expect(Math.abs(sd / spread - 1), id).toBeLessThan(0.16);
    });
  });
});

describe("a posterior without an end", () => {
  const scale: Unknown[] = [{ id: "s", prior: flat(0) }];
  const cases: readonly (readonly [string, DensityProblem])[] = [
    ["rises for ever", { unknowns: scale, logLikelihood: ([s = 0]) => -0.5 * Math.log1p(s) }],
    ["is flat in the logarithm", { unknowns: scale, logLikelihood: ([s = 0]) => -Math.log(s) }],
    ["is a constant", { unknowns: flatly("s"), logLikelihood: () => 0 }],
    [
      "has two groups and a flat scale between them",
      {
        unknowns: [...flatly("middle"), ...scale],
        logLikelihood: ([middle = 0, s = 0]) =>
          [1, 3].reduce((sum, y) => sum + normal(y, middle, Math.sqrt(1 + s * s)), 0),
      },
    ],
  ];
  test.each(
    cases.flatMap(([name, problem]) =>
      (["smc", "ensemble-mcmc"] as const).map((method) => [name, method, problem] as const),
    ),
  )("that %s is no result of %s, and has no numbers", (_, method, problem) => {
    const result = calibrate(problem, { dice: dice(1), method });
    expect(result.converged).toBe(false);
    expect(result.reason).toMatch(/^the posterior is improper or unbounded in /);
    expect(result.findings).toContainEqual({ kind: "improper posterior", text: result.reason });
    for (const { mean, sd } of result.summaries) expect([mean, sd]).toEqual([Number.NaN, Number.NaN]);
  });

  test("is told by points at the end of the numbers, not by large ones", () => {
    const target = new Target({ unknowns: [...flatly("x"), ...scale], logLikelihood: () => 0 });
    expect(beyondReach(target, [Float64Array.of(1e100, 300)])).toEqual([]);
    expect(beyondReach(target, [Float64Array.of(-1e200, 0), Float64Array.of(0, 0)])).toEqual([0]);
    expect(beyondReach(target, [Float64Array.of(0, 0), Float64Array.of(0, 500)])).toEqual([1]);
  });

  test("is not a heavy tail: Cauchy's quartiles are found", () => {
    const cauchy = { unknowns: flatly("x"), logLikelihood: ([x = 0]: Float64Array) => -Math.log1p(x * x) };
    const { converged, summaries } = sequentialMonteCarlo(cauchy, {
      dice: dice(2),
      populations: 8,
      points: 256,
    });
    expect(converged).toBe(true);
    // A quartile of 2048 draws of density 1/2π there: √(3/16/2048) · 2π = 0.06; four of these.
    const upper = summaries[0]!.quantiles.find(({ probability }) => probability === 0.75)!.value;
    expect(Math.abs(upper - 1)).toBeLessThan(0.24);
  });
});

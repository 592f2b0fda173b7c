import { Evaluator } from "@plumbline/twin/calibration/problem/evaluator";
import type { DensityProblem } from "@plumbline/twin/calibration/problem/problem";
import { Target } from "@plumbline/twin/calibration/problem/target";
import { chooseReference } from "@plumbline/twin/calibration/sampling/reference";
import {
  sequentialMonteCarlo,
  smcResult,
  temperMany,
} from "@plumbline/twin/calibration/sampling/sequential-monte-carlo";
import { flat } from "@plumbline/twin/probability/flat";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

const logNormal = (x: number, mean: number, sd: number): number =>
  -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);

/** x ~ N(0, 2²) read as 3 ± 0.5: posterior and evidence in closed form. */
const reading: DensityProblem = {
  unknowns: [{ id: "x", unit: "K", prior: normal(0, 2) }],
  logLikelihood: ([x = 0]) => logNormal(3, x, 0.5),
};
const variance = 1 / (1 / 4 + 1 / 0.25);
const mean = variance * (3 / 0.25);
const logEvidence = logNormal(3, 0, Math.sqrt(4 + 0.25));

describe("the SMC sampler", () => {
  test("gives the evidence and the moments of a Gaussian within their own standard errors", () => {
    const result = sequentialMonteCarlo(reading, { dice: dice(1), populations: 6, points: 256 });
    const { value, standardError } = result.logEvidence!;
    // 6 populations: |t₅| > 4.5 has probability 0.6 %; the seed is fixed.
    expect(Math.abs(value - logEvidence)).toBeLessThan(4.5 * standardError!);
    expect(Math.abs(value - logEvidence)).toBeLessThan(0.1);
    const [x] = result.summaries;
    expect(Math.abs(x!.mean - mean)).toBeLessThan(4.5 * x!.mcse!);
    // 1536 draws, at worst half of them effective: sd known to 1/√(2 · 768) = 2.6 %; four of these.
    expect(x!.sd / Math.sqrt(variance)).toBeGreaterThan(0.9);
    expect(x!.sd / Math.sqrt(variance)).toBeLessThan(1.1);
    expect(x).toMatchObject({ id: "x", unit: "K" });
    expect(result.converged).toBe(true);
  });

  test("keeps two modes in proportion", () => {
    const twoModes: DensityProblem = {
      unknowns: ["x", "y"].map((id) => ({ id, prior: normal(0, 10) })),
      logLikelihood([x = 0, y = 0]) {
        const left = Math.log(0.3) + logNormal(x, -8, 0.5) + logNormal(y, -8, 0.5);
        const right = Math.log(0.7) + logNormal(x, 8, 0.5) + logNormal(y, 8, 0.5);
        return Math.max(left, right) + Math.log1p(Math.exp(-Math.abs(left - right)));
      },
    };
    const { draws } = sequentialMonteCarlo(twoModes, { dice: dice(2), populations: 6, points: 256 });
    const shares = draws!.map(
      (part) =>
        Array.from({ length: part.rows }, (_, row) => (part.get(row, 0) > 0 ? 1 : 0) as number).reduce(
          (sum, one) => sum + one,
          0,
        ) / part.rows,
    );
    const share = shares.reduce((sum, one) => sum + one, 0) / shares.length;
    const error = Math.sqrt(shares.reduce((sum, one) => sum + (one - share) ** 2, 0) / 5 / 6);
    // Both modes have the same prior density by symmetry. |t₅| > 4.5: 0.6 %.
    expect(Math.abs(share - 0.7)).toBeLessThan(4.5 * error);
    expect(error).toBeLessThan(0.05);
  });

  test("failed runs are data: counted, impossible, and the posterior is that of the rest", () => {
    const failing: DensityProblem = {
      ...reading,
      logLikelihood([x = 0]) {
        if (x > 3) throw new Error("no steady state");
        return reading.logLikelihood(Float64Array.of(x));
      },
    };
    const result = sequentialMonteCarlo(failing, { dice: dice(3), populations: 4, points: 256 });
    expect(result.runs.failed).toBeGreaterThan(0);
    expect(result.runs.dropped).toBe(result.runs.failed);
    expect(result.findings).toContainEqual(
      expect.objectContaining({ kind: "failed runs", text: expect.stringContaining("no steady state") }),
    );
    for (const part of result.draws!)
      for (let row = 0; row < part.rows; row++) expect(part.get(row, 0)).toBeLessThanOrEqual(3);
    // The evidence loses the mass above 3: Φ((3 − mean)/sd) = Φ(0.364) is left.
    expect(Math.abs(result.logEvidence!.value - (logEvidence + Math.log(0.6421)))).toBeLessThan(0.15);
  });

  test("rule: results are keyed: a pool that runs a batch in any order changes nothing", () => {
    const here = sequentialMonteCarlo(reading, { dice: dice(4), populations: 2, points: 64 });
    const pooled = sequentialMonteCarlo(
      {
        ...reading,
        logLikelihoods(points) {
          const values = new Float64Array(points.length);
          for (const index of points.map((_, at) => at).reverse())
            values[index] = reading.logLikelihood(points[index]!);
          return values;
        },
      },
      { dice: dice(4), populations: 2, points: 64 },
    );
    expect(pooled).toEqual(here);
  });

  test("can be driven batch by batch, with the same result", () => {
    const options = { dice: dice(4), populations: 2, points: 64 };
    const target = new Target(reading);
    const reference = chooseReference(target, options.dice.split("reference"), new Evaluator());
    const batches = temperMany(target, reference, options);
    let step = batches.next();
    while (!step.done) step = batches.next(step.value.map((theta) => reading.logLikelihood(theta)));
    const driven = smcResult(target, reference, step.value, new Evaluator().counts());
    const here = sequentialMonteCarlo(reading, options);
    expect(driven.summaries).toEqual(here.summaries);
    expect(driven.logEvidence).toEqual(here.logEvidence);
  });

  test("driven from outside, takes what is not finite for a failed run", () => {
    const options = { dice: dice(9), populations: 2, points: 64 };
    const target = new Target(reading);
    const batches = temperMany(target, chooseReference(target, dice(9), new Evaluator()), options);
    let step = batches.next();
    while (!step.done)
      step = batches.next(
        step.value.map((theta) => (theta[0]! > 3 ? Number.POSITIVE_INFINITY : reading.logLikelihood(theta))),
      );
    for (const { population } of step.value)
      for (const point of population.points) expect(point[0]).toBeLessThanOrEqual(3);
  });

  test("of one seed repeats itself, of another does not", () => {
    const run = (seed: number): number =>
      sequentialMonteCarlo(reading, { dice: dice(seed), populations: 2, points: 32 }).summaries[0]!.mean;
    expect(run(5)).toBe(run(5));
    expect(run(5)).not.toBe(run(6));
  });

  test("has not converged short of R-hat 1.01 and 400 effective draws", () => {
    // 40 islands of sd 1e-3: each population finds a few of them, in shares of its own.
    const islands: DensityProblem = {
      unknowns: [{ id: "x", prior: normal(0, 100) }],
      logLikelihood: ([x = 0]) => (Math.abs(x) > 20 ? -800 : -0.5 * ((x - Math.round(x)) / 1e-3) ** 2),
    };
    const result = sequentialMonteCarlo(islands, { dice: dice(2), populations: 4, points: 64 });
    expect(result.converged).toBe(false);
    expect(result.reason).toMatch(
      /^the populations disagree: R-hat .*, ESS .*; asked: R-hat < 1.01, ESS ≥ 400/,
    );
    expect(result.findings).toContainEqual({ kind: "not converged", text: result.reason });
    // 256 draws in all are not 400, however well they agree.
    const few = sequentialMonteCarlo(reading, { dice: dice(1), populations: 4, points: 64 });
    expect(few.converged).toBe(false);
  });

  test("moves its populations on until they agree, no longer than it tempered them", () => {
    const runs = (ess: number): number =>
      sequentialMonteCarlo(reading, { dice: dice(3), populations: 4, points: 256, ess }).runs.runs;
    expect(runs(1e6)).toBeGreaterThan(1.3 * runs(100));
    expect(runs(1e6)).toBeLessThan(2.5 * runs(100));
  });

  test.each([
    { keep: 2 },
    { keep: Number.NaN },
    { memory: 0 },
    { mostMoves: 1.5 },
    { rhat: 1 },
    { ess: Number.NaN },
  ])("refuses %o", (options) => {
    expect(refusal(() => sequentialMonteCarlo(reading, { dice: dice(8), ...options }))).toMatchObject({
      code: "BAD_OPTION",
    });
  });

  test("claims no evidence under a flat prior", () => {
    const improper = { ...reading, unknowns: [{ id: "x", prior: flat() }] };
    const result = sequentialMonteCarlo(improper, { dice: dice(7), populations: 4, points: 128 });
    expect(result.logEvidence).toBeUndefined();
    expect(Math.abs(result.summaries[0]!.mean - 3)).toBeLessThan(0.15);
  });

  test("refuses data that no draw from the prior allows, and populations that are none", () => {
    const impossible = { ...reading, logLikelihood: () => Number.NEGATIVE_INFINITY };
    expect(refusal(() => sequentialMonteCarlo(impossible, { dice: dice(8) }))).toMatchObject({
      code: "NO_POSSIBLE_POINT",
    });
    expect(refusal(() => sequentialMonteCarlo(reading, { dice: dice(8), points: 3 }))).toMatchObject({
      code: "BAD_POPULATIONS",
    });
  });
});

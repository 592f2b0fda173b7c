import { existsSync, readFileSync } from "node:fs";
import { type Calibration, calibrate } from "@plumbline/twin/calibration/calibrate";
import { chooseMethod, METHOD_RULES } from "@plumbline/twin/calibration/method-choice";
import type { DensityProblem, SimulationProblem } from "@plumbline/twin/calibration/problem/problem";
import { flat } from "@plumbline/twin/probability/flat";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

const TIMES = Array.from({ length: 30 }, (_, index) => index / 3);
const stream = dice("readings");
/** A tank that empties: level e^{−rate t}, read with sd 0.05. */
const tank: SimulationProblem = {
  unknowns: [
    { id: "level", unit: "m", prior: normal(2, 1) },
    { id: "rate", unit: "1/s", prior: normal(0.5, 0.3) },
  ],
  observations: Float64Array.from(TIMES, (time) => 2.5 * Math.exp(-0.3 * time) + 0.05 * stream.normal()),
  noise: new Float64Array(TIMES.length).fill(0.05),
  simulate([level = 0, rate = 0], out) {
    TIMES.forEach((time, index) => {
      out[index] = level * Math.exp(-rate * time);
    });
  },
};
const density: DensityProblem = {
  unknowns: [{ id: "x", prior: normal(0, 1) }],
  logLikelihood: ([x = 0]) => -0.5 * ((x - 1) / 0.5) ** 2,
};
const summary = (result: Calibration, id: string) => result.summaries.find((one) => one.id === id)!;

describe("the choice of a method", () => {
  const facts = { runs: 1e9, unknowns: 3, kind: "simulation", properPriors: true, modelNoise: 0 } as const;
  test.each([
    [{ ...facts }, "ensemble-mcmc"],
    [{ ...facts, runs: 400_000 }, "smc"],
    [{ ...facts, runs: 1000 }, "least-squares"],
    [{ ...facts, runs: 1000, kind: "density" }, "laplace"],
    [{ ...facts, runs: 1000, modelNoise: 0.1 }, "es-mda"],
    [{ ...facts, runs: 1e9, unknowns: 200 }, "es-mda"],
  ] as const)("%o: %s", (given, method) => {
    const { chosen, because } = chooseMethod(given);
    expect(chosen).toBe(method);
    expect(because.at(-1)).toBe(`rule: ${METHOD_RULES.find(({ holds }) => holds(given))!.when}`);
  });

  test("is refused where nothing can be afforded", () => {
    expect(refusal(() => chooseMethod({ ...facts, runs: 20 }))).toMatchObject({ code: "BUDGET_TOO_SMALL" });
  });

  const page = "docs/estimation.md";
  test.skipIf(!existsSync(page))("is the table of the documentation", () => {
    const text = readFileSync(page, "utf8");
    const rows = METHOD_RULES.map(
      ({ when, method }, index) => `| ${index + 1} | ${when} | \`${method}\` |`,
    ).join("\n");
    expect(text).toContain(rows);
  });
});

describe("calibration by one call", () => {
  test("of a slow model descends on the residuals, and says why", () => {
    const result = calibrate(tank, { dice: dice(1), costOfRun: 1, budget: 500 });
    expect(result.choice.chosen).toBe("least-squares");
    expect(result.choice.because[0]).toBe("the budget pays for 500 model runs");
    expect(result.runs.runs).toBeLessThanOrEqual(500);
    expect(Math.abs(summary(result, "rate").mean - 0.3)).toBeLessThan(3 * summary(result, "rate").sd);
  });

  test("of a model that does not repeat itself takes the smoother", () => {
    const noise = dice("model");
    const rough: SimulationProblem = {
      ...tank,
      simulate(theta, out) {
        tank.simulate(theta, out);
        for (let index = 0; index < out.length; index++) out[index]! += 0.02 * noise.normal();
      },
    };
    const result = calibrate(rough, { dice: dice(2), costOfRun: 1, budget: 500 });
    expect(result.choice.chosen).toBe("es-mda");
    expect(result.runs.runs).toBeLessThanOrEqual(502);
    expect(Math.abs(summary(result, "level").mean - 2.5)).toBeLessThan(0.2);
  });

  test("agrees with itself by other methods, the smoother to its approximation", () => {
    const [reference, ...others] = (["least-squares", "laplace", "smc", "es-mda"] as const).map((method) =>
      calibrate(tank, { dice: dice(3), method, costOfRun: 1e-3 }),
    );
    for (const other of others) {
      // Monte-Carlo errors and a slightly bent posterior; ES-MDA linearises over the whole prior first.
      const far = other.method === "es-mda" ? 1.2 : 0.35;
      for (const { id, mean, sd } of reference!.summaries) {
        const found = summary(other, id);
        expect(Math.abs(found.mean - mean), `${other.method} ${id}`).toBeLessThan(far * sd);
        expect(Math.abs(found.sd / sd - 1), `${other.method} ${id}`).toBeLessThan(far);
      }
    }
  });

  test("names a direction that the data do not see, however small its unknowns' errors look", () => {
    const sum: SimulationProblem = {
      unknowns: ["a", "b", "c"].map((id) => ({ id, prior: normal(0, 1) })),
      observations: Float64Array.of(1, 2),
      noise: Float64Array.of(0.01, 0.01),
      simulate([a = 0, b = 0, c = 0], out) {
        out[0] = a + b;
        out[1] = c;
      },
    };
    const { findings } = calibrate(sum, { dice: dice(4), method: "laplace" });
    const unseen = findings.filter(({ kind }) => kind === "unseen direction");
    expect(unseen).toHaveLength(1);
    expect(unseen[0]!.text).toMatch(/: (a can rise while b falls|b can rise while a falls)$/);
  });

  test("says so under flat priors too, by having no answer", () => {
    const sum: SimulationProblem = {
      unknowns: ["a", "b"].map((id) => ({ id, prior: flat() })),
      observations: Float64Array.of(1),
      noise: Float64Array.of(0.01),
      simulate: ([a = 0, b = 0], out) => void out.fill(a + b),
    };
    const result = calibrate(sum, { dice: dice(5), method: "least-squares" });
    expect(result).toMatchObject({ converged: false, findings: [{ kind: "unseen direction" }] });
    expect(result.summaries[0]!.sd).toBeNaN();
  });

  test("tells residuals that follow each other, and data that pull the prior apart", () => {
    const biased: SimulationProblem = {
      ...tank,
      observations: tank.observations.map((value, index) => value + 0.3 * Math.sin(TIMES[index]!)),
    };
    const kinds = calibrate(biased, { dice: dice(6), method: "laplace" }).findings.map(({ kind }) => kind);
    expect(kinds).toContain("correlated residuals");
    const far = { ...density, logLikelihood: ([x = 0]: Float64Array) => -0.5 * ((x - 8) / 0.1) ** 2 };
    expect(calibrate(far, { dice: dice(6), method: "laplace" }).findings).toContainEqual(
      expect.objectContaining({ kind: "prior-data conflict" }),
    );
    expect(calibrate(density, { dice: dice(6), method: "laplace" }).findings).toEqual([]);
  });

  test("the band comes from the data: half the noise, about half the band", () => {
    const sdOf = (noise: number): number =>
      summary(
        calibrate(
          { ...tank, noise: new Float64Array(TIMES.length).fill(noise) },
          { dice: dice(7), method: "least-squares" },
        ),
        "rate",
      ).sd;
    expect(sdOf(0.1) / sdOf(0.05)).toBeCloseTo(2, 1);
  });

  test("refuses a method that does not fit, and a budget that is none", () => {
    expect(refusal(() => calibrate(density, { dice: dice(8), method: "es-mda" }))).toMatchObject({
      code: "WRONG_KIND",
    });
    expect(refusal(() => calibrate(density, { dice: dice(8), costOfRun: 0 }))).toMatchObject({
      code: "BAD_BUDGET",
    });
    const typo = "mcmc" as "smc";
    expect(refusal(() => calibrate(density, { dice: dice(8), method: typo }))).toMatchObject({
      code: "BAD_OPTION",
      hint: expect.stringContaining("ensemble-mcmc, smc, laplace, least-squares, es-mda"),
    });
  });
});

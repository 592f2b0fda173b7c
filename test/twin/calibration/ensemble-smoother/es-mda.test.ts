import { esMda } from "@plumbline/twin/calibration/ensemble-smoother/es-mda";
import type { SimulationProblem } from "@plumbline/twin/calibration/problem/problem";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { flat } from "@plumbline/twin/probability/flat";
import { logNormal } from "@plumbline/twin/probability/log-normal";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

/** offset + slope t at t = 0 … 9, read with sd 0.5; priors N(0, 2²) and N(0, 1). */
const TIMES = Array.from({ length: 10 }, (_, index) => index);
const stream = dice("readings");
const line: SimulationProblem = {
  unknowns: [
    { id: "offset", prior: normal(0, 2) },
    { id: "slope", prior: normal(0, 1) },
  ],
  observations: Float64Array.from(TIMES, (time) => 1.5 + 0.4 * time + 0.5 * stream.normal()),
  noise: new Float64Array(10).fill(0.5),
  simulate([offset = 0, slope = 0], out) {
    for (const time of TIMES) out[time] = offset + slope * time;
  },
};

/** The posterior by the normal equations: (XᵀX/r² + P⁻¹)⁻¹, 2 × 2 by hand. */
function exact(): { mean: readonly number[]; sd: readonly number[] } {
  let [a, b, c, d, e] = [1 / 4, 0, 1, 0, 0];
  TIMES.forEach((time, index) => {
    a += 4;
    b += 4 * time;
    c += 4 * time * time;
    d += 4 * line.observations[index]!;
    e += 4 * time * line.observations[index]!;
  });
  const determinant = a * c - b * b;
  return {
    mean: [(c * d - b * e) / determinant, (a * e - b * d) / determinant],
    sd: [Math.sqrt(c / determinant), Math.sqrt(a / determinant)],
  };
}

describe("ES-MDA", () => {
  test("tends to the exact posterior of a linear model, whatever the schedule", () => {
    const members = 1500;
    const { mean, sd } = exact();
    for (const assimilations of [1, 4, [28 / 3, 7, 4, 2]]) {
      const { summaries } = esMda(line, { dice: dice(1), members, assimilations });
      summaries.forEach((found, index) => {
        // The mean of N draws errs by sd/√N; the estimated gain adds an error of the same order in each of K ≤ 4
        // assimilations (relative error of a covariance √(2/N), times a move of a few sd). Six times the first.
        expect(Math.abs(found.mean - mean[index]!)).toBeLessThan((6 * sd[index]!) / Math.sqrt(members));
        // A sd of N draws errs by 1/√(2N) = 1.8 %; five of these.
        expect(Math.abs(found.sd / sd[index]! - 1)).toBeLessThan(0.09);
      });
    }
  });

  test("the band comes from the data: four times the noise gives a wider one, and truth is covered", () => {
    const { summaries: quiet } = esMda(line, { dice: dice(2), members: 400 });
    const { summaries: loud } = esMda(
      { ...line, noise: new Float64Array(10).fill(2) },
      { dice: dice(2), members: 400 },
    );
    expect(loud[1]!.sd / quiet[1]!.sd).toBeGreaterThan(3);
    expect(Math.abs(quiet[1]!.mean - 0.4)).toBeLessThan(3 * quiet[1]!.sd);
  });

  test("makes members × (assimilations + 1) runs, and tells how the mismatch fell", () => {
    const { runs, history, finalMismatch } = esMda(line, { dice: dice(3), members: 50, assimilations: 4 });
    expect(runs).toMatchObject({ runs: 250, failed: 0 });
    expect(history.map(({ alpha, members }) => [alpha, members])).toEqual([
      [4, 50],
      [4, 50],
      [4, 50],
      [4, 50],
    ]);
    const mismatches = [...history.map(({ mismatch }) => mismatch), finalMismatch];
    for (let index = 1; index < mismatches.length; index++)
      expect(mismatches[index]).toBeLessThan(mismatches[index - 1]!);
    // χ²/n of 10 readings plus 2 of spread: mean 1.0 ± 0.45 of noise; below 3.
    expect(finalMismatch).toBeLessThan(3);
  });

  test("failed runs are data: retried, dropped and counted, never silently replaced", () => {
    const calls = new Map<number, number>();
    const failing: SimulationProblem = {
      ...line,
      simulate(theta, out) {
        const key = theta[0]!;
        calls.set(key, (calls.get(key) ?? 0) + 1);
        if (key < -2) throw new Error("no convergence");
        if (key < 0 && calls.get(key) === 1) return;
        line.simulate(theta, out);
      },
    };
    const { runs, history, draws, findings } = esMda(failing, {
      dice: dice(4),
      members: 200,
      failures: { retries: 1 },
    });
    expect(runs.dropped).toBeGreaterThan(0);
    expect(runs.retried).toBeGreaterThan(runs.dropped);
    expect(history[0]!.members).toBeLessThan(200);
    expect(draws![0]!.rows).toBe(200 - runs.dropped);
    expect(findings).toContainEqual(expect.objectContaining({ kind: "failed runs" }));
  });

  test("has not converged where the losses leave too few members for a spread", () => {
    let run = 0;
    const flaky: SimulationProblem = {
      ...line,
      simulate(theta, out) {
        if (run++ % 3 === 0) throw new Error("no licence");
        line.simulate(theta, out);
      },
    };
    const result = esMda(flaky, { dice: dice(5), members: 100 });
    // A third is lost at each of five runs: 100 (2/3)⁵ = 13.
    expect(result.draws![0]!.rows).toBeLessThan(20);
    expect(result.converged).toBe(false);
    expect(result.reason).toMatch(/^1\d of 100 members are left for 2 unknowns: their spread is smaller/);
    expect(result.findings).toContainEqual({ kind: "collapsed ensemble", text: result.reason });
    expect(esMda(line, { dice: dice(5), members: 100 }).converged).toBe(true);
  });

  test("keyed results: a member's outputs stay with the member when others drop out", () => {
    const failing: SimulationProblem = {
      ...line,
      simulate(theta, out) {
        if (theta[1]! < -0.7) throw new Error("no convergence");
        line.simulate(theta, out);
      },
    };
    const { draws, outputs } = esMda(failing, { dice: dice(5), members: 100 });
    const [last] = draws!;
    expect(outputs).toHaveLength(last!.rows);
    outputs.forEach((output, row) => {
      expect(output[9]).toBeCloseTo(last!.get(row, 0) + 9 * last!.get(row, 1), 12);
    });
  });

  test("tells unasked that the prior does not reach the data", () => {
    const far = { ...line, observations: line.observations.map((reading) => reading + 100) };
    const { unreached, findings } = esMda(far, { dice: dice(6) });
    expect(unreached.length).toBe(10);
    expect(findings).toContainEqual(expect.objectContaining({ kind: "prior-data conflict" }));
    expect(esMda(line, { dice: dice(6) }).findings).toEqual([]);
  });

  test("stays inside bounds by its coordinates", () => {
    const positive: SimulationProblem = {
      unknowns: [{ id: "rate", prior: logNormal(0, 1) }],
      observations: Float64Array.of(0.02),
      noise: Float64Array.of(0.05),
      simulate: ([rate = 0], out) => void out.fill(rate),
    };
    const [draws] = esMda(positive, { dice: dice(7) }).draws!;
    for (let row = 0; row < draws!.rows; row++) expect(draws!.get(row, 0)).toBeGreaterThan(0);
  });

  test("a localisation of zero keeps an unknown's prior", () => {
    const localisation = Matrix.from([new Array(10).fill(1), new Array(10).fill(0)]);
    const { summaries } = esMda(line, { dice: dice(8), members: 400, localisation });
    // 400 draws know a sd to 3.5 %; four of these.
    expect(Math.abs(summaries[1]!.sd - 1)).toBeLessThan(0.14);
  });

  test.each([
    ["inflations that count the data twice", { assimilations: [1, 1] }, "BAD_SCHEDULE"],
    ["no assimilation", { assimilations: 0 }, "BAD_SCHEDULE"],
    ["four members", { members: 4 }, "TOO_FEW_MEMBERS"],
    ["an energy above 1", { energy: 2 }, "BAD_ENERGY"],
    ["a taper above one", { localisation: new Matrix(2, 10, new Float64Array(20).fill(5)) }, "BAD_OPTION"],
    [
      "a taper of NaN",
      { localisation: new Matrix(2, 10, new Float64Array(20).fill(Number.NaN)) },
      "BAD_OPTION",
    ],
    ["a taper of another shape", { localisation: Matrix.identity(2) }, "BAD_SHAPE"],
  ])("refuses %s", (_, options, code) => {
    expect(refusal(() => esMda(line, { dice: dice(9), ...options }))).toMatchObject({ code });
  });

  test("refuses flat priors, and a model that nearly always fails", () => {
    const improper = { ...line, unknowns: [{ id: "offset", prior: flat() }, line.unknowns[1]!] };
    expect(refusal(() => esMda(improper, { dice: dice(9) }))).toMatchObject({ code: "IMPROPER" });
    const dead = { ...line, simulate: () => {} };
    expect(refusal(() => esMda(dead, { dice: dice(9) }))).toMatchObject({ code: "MODEL_FAILS" });
  });
});

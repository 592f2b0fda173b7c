import { calibrate } from "@plumbline/twin/calibration/calibrate";
import type { Method } from "@plumbline/twin/calibration/method-choice";
import type { SimulationProblem } from "@plumbline/twin/calibration/problem/problem";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

/** A straight line read with sd `sd`, said to be 0.1, beside a wave of this height. */
function line(count: number, sd: number, wave = 0): SimulationProblem {
  const stream = dice("misfit");
  const places = Array.from({ length: count }, (_, index) => index / count);
  return {
    unknowns: ["offset", "slope"].map((id) => ({ id, prior: normal(0, 10) })),
    observations: Float64Array.from(
      places,
      (place) => 1 + 2 * place + wave * Math.sin(2 * Math.PI * place) + sd * stream.normal(),
    ),
    noise: new Float64Array(count).fill(0.1),
    simulate([offset = 0, slope = 0], out) {
      places.forEach((place, index) => {
        out[index] = offset + slope * place;
      });
    },
  };
}

describe.each(["least-squares", "laplace", "smc", "es-mda"] as const)("by %s", (method: Method) => {
  const kindsOf = (problem: SimulationProblem): string[] =>
    calibrate(problem, { dice: dice(1), method }).findings.map(({ kind }) => kind);

  test("residuals ten times the declared noise are a misfit", () => {
    const { findings } = calibrate(line(60, 1), { dice: dice(1), method });
    const found = findings.find(({ kind }) => kind === "misfit")!;
    // The unknowns' priors are wide: the data determine both, and 58 degrees of freedom are left.
    expect(found.text).toMatch(/^residuals are (9|10)\.\d times as large .* on 58\.0 degrees of freedom/);
  });

  test("residuals of the declared size are none", () => {
    expect(kindsOf(line(60, 0.1))).not.toContain("misfit");
  });

  test("a wave that twelve readings show is told", () => {
    expect(kindsOf(line(12, 0.1, 1.5))).toContain("correlated residuals");
    expect(kindsOf(line(12, 0.1))).toEqual([]);
  });
});

test("the shape of two posteriors side by side is no misfit, although their mean is nowhere", () => {
  const both: SimulationProblem = {
    unknowns: [{ id: "x", prior: normal(0, 5) }],
    observations: Float64Array.of(9, 9),
    noise: Float64Array.of(0.2, 0.2),
    simulate: ([x = 0], out) => void out.fill(x * x),
  };
  const { findings } = calibrate(both, { dice: dice(2), method: "smc" });
  expect(findings.map(({ kind }) => kind)).not.toContain("misfit");
});

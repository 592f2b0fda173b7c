import { asDensity, logJoint } from "@plumbline/twin/calibration/problem/priors";
import type { SimulationProblem } from "@plumbline/twin/calibration/problem/problem";
import { Target } from "@plumbline/twin/calibration/problem/target";
import { normal } from "@plumbline/twin/probability/normal";
import { uniform } from "@plumbline/twin/probability/uniform";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

const line: SimulationProblem = {
  unknowns: [
    { id: "slope", prior: normal(0, 2) },
    { id: "offset", prior: uniform(0, 10) },
  ],
  observations: Float64Array.of(1, 3),
  noise: Float64Array.of(0.5, 2),
  simulate([slope = 0, offset = 0], out) {
    out[0] = offset;
    out[1] = offset + slope;
  },
};

describe("a joint density", () => {
  test("keeps every constant", () => {
    const gaussian = (x: number, mean: number, sd: number): number =>
      -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd * Math.sqrt(2 * Math.PI));
    const expected = gaussian(1.5, 0, 2) - Math.log(10) + gaussian(1, 2, 0.5) + gaussian(3, 3.5, 2);
    expect(logJoint(asDensity(line), [1.5, 2])).toBeCloseTo(expected, 13);
  });

  test("is zero outside a support without a model run", () => {
    let runs = 0;
    const counted = { ...asDensity(line), logLikelihood: () => ++runs };
    expect(logJoint(counted, [1.5, 11])).toBe(Number.NEGATIVE_INFINITY);
    expect(runs).toBe(0);
  });

  test("takes a model that writes nothing, or infinity, for a failed run", () => {
    const silent = asDensity({ ...line, simulate: () => {} });
    expect(silent.logLikelihood(Float64Array.of(1, 2))).toBeNaN();
    const infinite = asDensity({ ...line, simulate: (_, out) => void out.fill(Number.POSITIVE_INFINITY) });
    expect(infinite.logLikelihood(Float64Array.of(1, 2))).toBeNaN();
  });

  test("counts a prior formula that overflows as impossible, and tells how often", () => {
    const target = new Target({
      ...asDensity(line),
      logPrior: ([slope = 0]) => (slope > 100 ? Number.NaN : 0),
    });
    expect(target.logPrior(Float64Array.of(200, 0))).toBe(Number.NEGATIVE_INFINITY);
    expect(target.undefinedPriors).toBe(1);
  });

  test.each([
    ["no unknown", () => new Target({ unknowns: [], logLikelihood: () => 0 }), "NO_UNKNOWNS"],
    [
      "one name twice",
      () => new Target({ ...asDensity(line), unknowns: [line.unknowns[0]!, line.unknowns[0]!] }),
      "DUPLICATE_UNKNOWN",
    ],
    [
      "a missing reading",
      () => asDensity({ ...line, observations: Float64Array.of(1, Number.NaN) }),
      "BAD_READINGS",
    ],
    ["a reading without noise", () => asDensity({ ...line, noise: Float64Array.of(1, 0) }), "BAD_READINGS"],
    [
      "readings and noise of two lengths",
      () => asDensity({ ...line, noise: Float64Array.of(1) }),
      "BAD_READINGS",
    ],
    [
      "no readings",
      () => asDensity({ ...line, observations: new Float64Array(0), noise: new Float64Array(0) }),
      "BAD_READINGS",
    ],
  ])("refuses %s", (_, act, code) => {
    expect(refusal(act)).toMatchObject({ code });
  });
});

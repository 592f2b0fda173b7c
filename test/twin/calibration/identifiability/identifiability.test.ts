import { collinearGroups } from "@plumbline/twin/calibration/identifiability/collinearity";
import { contractionOf } from "@plumbline/twin/calibration/identifiability/contraction";
import { fisherInformation } from "@plumbline/twin/calibration/identifiability/fisher-information";
import { fitLeastSquares } from "@plumbline/twin/calibration/least-squares/fit";
import type { LeastSquaresFit } from "@plumbline/twin/calibration/least-squares/fit-report";
import { curve, type LeastSquaresProblem } from "@plumbline/twin/calibration/least-squares/problem";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

describe("Fisher information in scaled parameters", () => {
  // Two parameters seen only as a + b·2, at a = 4, b = 2: relative changes of a and b do the same.
  const jacobian = Matrix.from([
    [1, 2],
    [2, 4],
    [3, 6],
  ]);

  test("has eigenvalue 0 along what is not seen, and names the motion and the combination that stays", () => {
    const information = fisherInformation(jacobian, { ids: ["a", "b"], values: [4, 2] });
    expect(information.rank).toBe(1);
    expect(information.condition).toBe(Number.POSITIVE_INFINITY);
    // Columns scaled by 4 and 2 are both (4, 8, 12): λ = 2 · 14 · 16.
    expect(information.eigenvalues[0]).toBeCloseTo(448, 9);
    expect(information.eigenvalues[1]).toBe(0);
    expect(information.matrix.get(0, 1)).toBeCloseTo(224, 9);
    const [unseen] = information.directions;
    expect(unseen?.sd).toBe(Number.POSITIVE_INFINITY);
    expect(unseen?.words).toBe("b can rise while a falls");
    expect(unseen?.seen).toEqual(["a · b"]);
  });

  test("scaled by priors names a linear combination", () => {
    const { directions } = fisherInformation(jacobian, { ids: ["a", "b"], values: [0, 0], scales: [1, 1] });
    // a + 2 b stays: along (2, −1)/√5 the larger part is a's.
    expect(directions[0]?.seen).toEqual(["b + 0.500 a"]);
  });

  test("of fewer readings than parameters still has p directions", () => {
    const { eigenvalues, rank } = fisherInformation(Matrix.from([[1, 0, 1]]), {
      ids: ["a", "b", "c"],
      values: [1, 1, 1],
    });
    expect([...eigenvalues].map((value) => Number(value.toFixed(12)))).toEqual([2, 0, 0]);
    expect(rank).toBe(1);
  });

  test("keeps an eigenvalue 1e-20 of the largest, which JᵀJ would lose", () => {
    const { eigenvalues } = fisherInformation(
      Matrix.from([
        [1, 1],
        [0, 1e-10],
      ]),
      { ids: ["a", "b"], values: [1, 1] },
    );
    // Singular values of [[1, 1], [0, ε]]: √2 and ε/√2.
    expect((eigenvalues[1] as number) / 5e-21).toBeCloseTo(1, 5);
  });

  test("refuses names that do not fit and scales that are not positive", () => {
    expect(() => fisherInformation(jacobian, { ids: ["a"], values: [1, 1] })).toThrow(
      expect.objectContaining({ code: "BAD_SHAPE" }),
    );
    expect(() => fisherInformation(jacobian, { ids: ["a", "b"], values: [1, 1], scales: [1, 0] })).toThrow(
      expect.objectContaining({ code: "BAD_SCALE" }),
    );
  });
});

describe("the collinearity index", () => {
  test("is 1/√(1 − cos) of two directions, 1 for orthogonal ones, and ignores units", () => {
    const angle = 0.1;
    const jacobian = Matrix.from([
      [1, 1000 * Math.cos(angle), 0],
      [0, 1000 * Math.sin(angle), 0],
      [0, 0, 1e-6],
    ]);
    const groups = collinearGroups(jacobian, ["a", "b", "c"], 2);
    // S̃ᵀS̃ = [[1, cos], [cos, 1]], λ_min = 1 − cos.
    expect(groups[0]).toEqual({
      ids: ["a", "b"],
      index: expect.closeTo(1 / Math.sqrt(1 - Math.cos(angle)), 9),
    });
    expect(groups[1]?.index).toBeCloseTo(1, 12);
  });

  test("finds three that hang together although no two of them do, and leaves out one without effect", () => {
    const jacobian = Matrix.from([
      [1, 0, 1, 0],
      [0, 1, 1, 0],
      [0, 0, 1e-3, 0],
    ]);
    const [worst] = collinearGroups(jacobian, ["a", "b", "c", "deaf"]);
    expect(worst?.ids).toEqual(["a", "b", "c"]);
    expect(worst?.index).toBeGreaterThan(1000);
    expect(collinearGroups(jacobian, ["a", "b", "c", "deaf"]).flatMap(({ ids }) => ids)).not.toContain(
      "deaf",
    );
  });
});

describe("contraction and prior–posterior shift", () => {
  const prior = { mean: 1, sd: 2 };

  test.each([
    [{ mean: 1.5, sd: 0.1 }, "well identified", 0.9975, false],
    [{ mean: 1.5, sd: 1 }, "weakly identified", 0.75, false],
    [{ mean: 1, sd: 1.9 }, "not identified", 0.0975, false],
    [{ mean: 9, sd: 0.1 }, "well identified", 0.9975, true],
  ] as const)("of %o is told", (posterior, verdict, contraction, conflict) => {
    const told = contractionOf(prior, posterior);
    expect(told.verdict).toBe(verdict);
    expect(told.contraction).toBeCloseTo(contraction, 12);
    expect(told.shift).toBe(Math.abs(posterior.mean - 1) / 2);
    expect(told.conflict).toBe(conflict);
  });

  test("need moments that are finite", () => {
    for (const bad of [
      { mean: 0, sd: 0 },
      { mean: Number.NaN, sd: 1 },
      { mean: 0, sd: Number.POSITIVE_INFINITY },
    ])
      expect(() => contractionOf(bad, prior)).toThrow(expect.objectContaining({ code: "BAD_MOMENTS" }));
  });
});

const MINUTES = 240;
const PARTS = 12;

/**
 * A heater of small capacity warms the air of a box; only the air is measured. Backward Euler: stable for any capacity.
 *
 *     C_h Ṫ_h = P − K (T_h − T_a)          C_a Ṫ_a = K (T_h − T_a) − G (T_a − 20)
 */
function heaterAirBox(theta: Float64Array, air: Float64Array, heater?: Float64Array): void {
  const [small, link, large, loss] = theta as unknown as [number, number, number, number];
  const dt = 60 / PARTS;
  let [hot, warm] = [20, 20];
  for (let minute = 0; minute < MINUTES; minute++) {
    const power = Math.floor(minute / 40) % 2 === 0 ? 400 : 0;
    for (let part = 0; part < PARTS; part++) {
      const a = small / dt + link;
      const d = large / dt + link + loss;
      const right = [(small / dt) * hot + power, (large / dt) * warm + 20 * loss] as const;
      const determinant = a * d - link * link;
      hot = (right[0] * d + link * right[1]) / determinant;
      warm = (a * right[1] + link * right[0]) / determinant;
    }
    air[minute] = warm;
    if (heater) heater[minute] = hot;
  }
}

describe("rule: identifiability is stated: two time constants and one sensor", () => {
  const IDS = ["heaterCapacity", "conductance", "airCapacity", "loss"];
  const TRUTH = Float64Array.of(50, 5, 20_000, 20);
  const air = new Float64Array(MINUTES);
  const heater = new Float64Array(MINUTES);
  heaterAirBox(TRUTH, air, heater);
  const roll = dice("heater, air, box");
  const problem: LeastSquaresProblem = {
    parameters: IDS.map((id) => ({ id, bounds: [0, Number.POSITIVE_INFINITY] as const })),
    observations: air.map((value) => value + 0.1 * roll.normal()),
    noise: new Float64Array(MINUTES).fill(0.1),
    simulate: (theta, out) => heaterAirBox(theta, out),
  };
  const fit: LeastSquaresFit = fitLeastSquares(problem, [100, 10, 10_000, 10]);

  test("the fit says unasked that heater capacity and conductance move together, and that their ratio is seen", () => {
    const finding = fit.findings.find(({ kind }) => kind === "unseen direction");
    expect(finding?.text).toContain("heaterCapacity and conductance can rise and fall together");
    expect(finding?.text).toContain("heaterCapacity / conductance");
    expect(finding?.text).toContain("add a sensor");
    // The ratio is a time constant of 10 s, seen through readings a minute apart.
    const [capacity, conductance] = fit.parameters as unknown as [number, number];
    expect(capacity / conductance).toBeGreaterThan(0);
    expect(capacity / conductance).toBeLessThan(40);
    expect(fit.standardErrors[0]).toBeGreaterThan(0.5 * (fit.parameters[0] as number));
  });

  test("what is seen keeps its standard error", () => {
    for (const index of [2, 3]) {
      const gap = Math.abs((fit.parameters[index] as number) - (TRUTH[index] as number));
      expect(gap).toBeLessThan(4 * (fit.standardErrors[index] as number));
      expect(fit.standardErrors[index]).toBeLessThan(0.01 * (TRUTH[index] as number));
    }
  });

  test("a thermometer on the heater takes the finding away", () => {
    const both: LeastSquaresProblem = {
      ...problem,
      observations: Float64Array.of(
        ...problem.observations,
        ...heater.map((value) => value + 0.1 * roll.normal()),
      ),
      noise: new Float64Array(2 * MINUTES).fill(0.1),
      simulate: (theta, out) => heaterAirBox(theta, out.subarray(0, MINUTES), out.subarray(MINUTES)),
    };
    const whole = fitLeastSquares(both, [100, 10, 10_000, 10]);
    expect(whole.findings.map(({ kind }) => kind)).not.toContain("unseen direction");
    IDS.forEach((_, index) => {
      const gap = Math.abs((whole.parameters[index] as number) - (TRUTH[index] as number));
      expect(gap).toBeLessThan(4 * (whole.standardErrors[index] as number));
    });
  });
});

test("rule: identifiability is stated: two factors that differ by the error of differences only are one", () => {
  const fit = fitLeastSquares(
    curve({
      parameters: ["gain", "limit", "rate"],
      x: [1, 2, 3, 4, 5, 7],
      y: [8.3, 10.3, 19, 16, 15.6, 19.8],
      model: (day, [gain, limit, rate]) =>
        (gain as number) * (limit as number) * (1 - Math.exp(-(rate as number) * day)),
    }),
    [2, 10, 0.5],
  );
  expect([fit.rank, fit.dof, fit.converged]).toEqual([2, 4, true]);
  expect(fit.findings[0]?.text).toContain("what they see is gain · limit");
  expect((fit.parameters[0] as number) * (fit.parameters[1] as number)).toBeCloseTo(19.142575, 5);
  expect(fit.standardErrors[2]).toBeCloseTo(0.2030819, 6);
});

test("rule: identifiability is stated: a parameter without effect has an infinite standard error, the others keep theirs", () => {
  const x = [0, 1, 2, 3];
  const problem: LeastSquaresProblem = {
    parameters: [{ id: "a" }, { id: "idle" }],
    observations: Float64Array.of(1, 2, 2, 3),
    simulate([a], out) {
      x.forEach((at, row) => {
        out[row] = (a as number) * at;
      });
    },
  };
  const fit = fitLeastSquares(problem, [1, 1]);
  expect(fit.rank).toBe(1);
  expect(fit.standardErrors[1]).toBe(Number.POSITIVE_INFINITY);
  expect(fit.covariance.get(0, 1)).toBeNaN();
  // s² = RSS/(4 − rank), standard error s/√Σx².
  expect(fit.dof).toBe(3);
  expect(fit.standardErrors[0]).toBeCloseTo(Math.sqrt(fit.residualSumOfSquares / 3 / 14), 10);
  expect(fit.findings[0]?.text).toContain("idle has no effect");
});

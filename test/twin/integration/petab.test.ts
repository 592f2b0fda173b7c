import { converge } from "@plumbline/twin/integration/converge";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../support/reference-data.ts";
import { type PetabProblem, petabFit } from "../support/petab.ts";

for (const [file, expected] of [
  ["calibration/petab/Boehm_JProteomeRes2014.json", -138.221997764],
  ["calibration/petab/Elowitz_Nature2000.json", 63.202750409],
] as const) {
  withReferenceData<PetabProblem>(file, `likelihood of ${file} at its nominal point`, (problem) => {
    const fitted = (tolerance: number, method: "stiff" | "auto") =>
      petabFit(problem, { method, relativeTolerance: tolerance, absoluteTolerance: tolerance });

    test.each(["stiff", "auto"] as const)(
      "is the converged one, and says that it converged: %s",
      (method) => {
        const likelihood = converge((tolerance) => fitted(tolerance, method).logLikelihood);
        expect(likelihood.converged).toBe(true);
        expect(Math.abs(likelihood.value - expected)).toBeLessThan(1e-6);
      },
    );

    test("agrees in every simulated value and in χ²", () => {
      const { simulated, chiSquared } = fitted(1e-11, "stiff");
      simulated.forEach((value, row) => {
        const [, , , reference] = problem.simulated[row]!;
        expect(Math.abs(value - reference)).toBeLessThan(1e-7 * Math.max(1, Math.abs(reference)));
      });
      expect(Math.abs(chiSquared - problem.chi2)).toBeLessThan(1e-5);
    });
  });
}

describe("a likelihood through the solver", () => {
  test("of first-order decay against its closed form, to the twelfth digit", () => {
    const problem = {
      states: ["A"],
      odes: { A: "-k * A" },
      assignment_rules: [],
      initial_values: { A: 1 },
      initial_assignments: { A: "a0" },
      compartments: {},
      model_parameters: { a0: 3, k: 0.5 },
      parameters: [],
      observables: [
        {
          observableId: "y",
          observableFormula: "A",
          noiseFormula: "noiseParameter1_y",
          observableTransformation: "lin" as const,
        },
      ],
      measurements: [1, 2, 3].map((time) => ({
        observableId: "y",
        time,
        measurement: 1,
        noiseParameters: 0.1,
      })),
      simulated: [],
      llh_independent_scipy: 0,
      chi2: 0,
    };
    const exact = [1, 2, 3].reduce(
      (sum, time) =>
        sum - 50 * (1 - 3 * Math.exp(-time / 2)) ** 2 - Math.log(0.1) - 0.5 * Math.log(2 * Math.PI),
      0,
    );
    const { logLikelihood } = petabFit(problem, { relativeTolerance: 1e-13, absoluteTolerance: 1e-14 });
    expect(Math.abs(logLikelihood - exact)).toBeLessThan(1e-10);
  });
});

import type { FormName } from "@plumbline/twin/estimation/linear/covariance-form";
import { kalmanFilter } from "@plumbline/twin/estimation/linear/filter";
import { KalmanFilter } from "@plumbline/twin/estimation/linear/kalman-filter";
import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { symmetricEigen } from "@plumbline/twin/linear-algebra/symmetric-eigen";
import { describe, expect, test } from "vitest";

/** Matched digits of the worst entry. */
const digits = (actual: Matrix, expected: readonly number[]): number =>
  Math.min(
    ...expected.map((value, index) => -Math.log10(Math.abs(actual.data[index]! / value - 1) || 1e-16)),
  );

describe("the classic ill-conditioned update (Bierman 1977; Grewal & Andrews 2015, §7)", () => {
  const delta = 2 ** -30;
  const model = linearModel({
    transition: Matrix.identity(2),
    processNoise: new Matrix(2, 2),
    observation: [
      [1, 1],
      [1, 1 + delta],
    ],
    observationNoise: Matrix.diagonal([delta * delta, delta * delta]),
    start: { covariance: Matrix.identity(2) },
  });
  // Exact, from 60-digit arithmetic.
  const exact = [0.4000000002235174, -0.4000000000372529, -0.4000000000372529, 0.3999999998509884];
  test.each([
    ["ud", 9],
    ["square-root", 7],
  ] as const)("form %s keeps at least %i digits", (form, least) => {
    const { filtered } = kalmanFilter(model, { values: [[1, 1]] }, { form }).steps[0]!;
    expect(digits(filtered.covariance, exact)).toBeGreaterThanOrEqual(least);
  });
});

describe("a start variance 10²⁰ times the noise", () => {
  const model = linearModel({
    transition: [
      [1, 1],
      [0, 1],
    ],
    processNoise: Matrix.from([
      [1e-10 / 3, 0.5e-10],
      [0.5e-10, 1e-10],
    ]),
    observation: [[1, 0]],
    observationNoise: [[1e-8]],
    start: { at: 0, covariance: Matrix.diagonal([1e12, 1e12]) },
  });
  // Exact, from 60-digit arithmetic: the lower triangle after steps 2, 3, 10 and 100.
  const exact: Record<number, [number, number, number]> = {
    2: [1e-8, 1e-8, 2.0033333333333334e-8],
    3: [8.335183129855716e-9, 5.008324084350721e-9, 5.066625046244913e-9],
    10: [3.901580836789385e-9, 8.543644813334679e-10, 4.148677020615059e-10],
    100: [3.6059166452672924e-9, 7.996301241657112e-10, 4.0094807415234657e-10],
  };
  test.each([
    ["ud", 15],
    ["square-root", 5],
  ] as const)("form %s keeps at least %i digits at every step", (form, least) => {
    const { steps } = kalmanFilter(model, { values: new Float64Array(100) }, { form });
    for (const [step, [a, b, c]] of Object.entries(exact))
      expect(digits(steps[Number(step) - 1]!.filtered.covariance, [a, b, b, c])).toBeGreaterThanOrEqual(
        least,
      );
  });
});

describe("10⁵ steps on an ill-conditioned problem", () => {
  // Twelve decades between the noises, two nearly equal sensors, one nearly deterministic state.
  const model = linearModel({
    transition: [
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 0.999999],
    ],
    processNoise: Matrix.diagonal([0, 1e-14, 1e-12]),
    observation: [
      [1, 0, 1],
      [1, 0, 1 + 1e-7],
    ],
    observationNoise: Matrix.diagonal([1e-2, 1e-10]),
    start: { at: 0, covariance: Matrix.diagonal([1e4, 1e2, 1]) },
  });
  test.each<FormName>(["sequential", "ud", "square-root"])(
    "form %s: never a number that is not finite, never an indefinite covariance",
    (form) => {
      const filter = new KalmanFilter(model, { form });
      for (let k = 0; k < 100_000; k++) {
        filter.predict(k + 1);
        const { logLikelihood } = filter.update([Math.sin(k), Math.sin(k) + 1e-5 * Math.cos(3 * k)]);
        if (!Number.isFinite(logLikelihood)) expect.fail(`step ${k}: ${logLikelihood}`);
        if (k > 200 && k % 97 !== 0) continue;
        const covariance = filter.covariance();
        const correlation = new Matrix(3, 3);
        const sds = covariance.diagonal().map(Math.sqrt);
        for (let row = 0; row < 3; row++)
          for (let column = 0; column < 3; column++)
            correlation.set(row, column, covariance.get(row, column) / (sds[row]! * sds[column]!));
        // What rounding in forming P = U D Uᵀ leaves: 3 ε of entries that are at most 1.
        expect(symmetricEigen(correlation).values[0]).toBeGreaterThan(-3 * Number.EPSILON);
      }
    },
  );
});

test.each<FormName>(["sequential", "ud", "square-root"])(
  "form %s: readings in units of e⁻²⁵⁰ or e²⁵⁰ only shift the log-likelihood",
  (form) => {
    const shape = [1, 3, 2, 5, 4, 4, 7];
    const run = (unit: number) => {
      const model = linearModel({
        transition: [
          [1, 1],
          [0, 1],
        ],
        processNoise: Matrix.diagonal([0.3 * unit * unit, 0.1 * unit * unit]),
        observation: [[1, 0]],
        observationNoise: [[unit * unit]],
        start: { diffuse: "all" },
      });
      return kalmanFilter(model, { values: shape.map((value) => value * unit) }, { form });
    };
    const plain = run(1);
    for (const power of [-250, 250]) {
      const scaled = run(Math.exp(power));
      // 5 scalars carry a density in the unit; the 2 diffuse ones only F∞, which has none.
      expect(scaled.logLikelihood).toBeCloseTo(plain.logLikelihood - 5 * power, 9);
      expect(scaled.steps[6]!.filtered.mean[0]! / Math.exp(power)).toBeCloseTo(
        plain.steps[6]!.filtered.mean[0]!,
        9,
      );
    }
  },
);

import { fitLeastSquares } from "@plumbline/twin/calibration/least-squares/fit";
import type { LeastSquaresFit } from "@plumbline/twin/calibration/least-squares/fit-report";
import { curve } from "@plumbline/twin/calibration/least-squares/problem";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { type CertifiedProblem, FURTHER_PROBLEMS } from "./nist-problems.ts";

type Model = (x: never, b: Float64Array) => number;
const b = (theta: Float64Array, index: number): number => theta[index - 1] as number;

const rational = (x: number, t: Float64Array): number =>
  (b(t, 1) + b(t, 2) * x + b(t, 3) * x ** 2 + b(t, 4) * x ** 3) /
  (1 + b(t, 5) * x + b(t, 6) * x ** 2 + b(t, 7) * x ** 3);
const exponentials = (x: number, t: Float64Array): number =>
  b(t, 1) * Math.exp(-b(t, 2) * x) + b(t, 3) * Math.exp(-b(t, 4) * x) + b(t, 5) * Math.exp(-b(t, 6) * x);
const peaks = (x: number, t: Float64Array): number =>
  b(t, 1) * Math.exp(-b(t, 2) * x) +
  b(t, 3) * Math.exp(-((x - b(t, 4)) ** 2) / b(t, 5) ** 2) +
  b(t, 6) * Math.exp(-((x - b(t, 7)) ** 2) / b(t, 8) ** 2);
const decay = (x: number, t: Float64Array): number => Math.exp(-b(t, 1) * x) / (b(t, 2) + b(t, 3) * x);

/** The models as NIST prints them: plain functions, no derivatives. */
const MODELS: Readonly<Record<string, Model>> = {
  Misra1a: (x: number, t) => b(t, 1) * (1 - Math.exp(-b(t, 2) * x)),
  Chwirut1: decay,
  Chwirut2: decay,
  Lanczos3: exponentials,
  Gauss1: peaks,
  Gauss2: peaks,
  DanWood: (x: number, t) => b(t, 1) * x ** b(t, 2),
  Misra1b: (x: number, t) => b(t, 1) * (1 - (1 + (b(t, 2) * x) / 2) ** -2),
  Hahn1: rational,
  Nelson: (x: readonly [number, number], t) => b(t, 1) - b(t, 2) * x[0] * Math.exp(-b(t, 3) * x[1]),
  MGH17: (x: number, t) => b(t, 1) + b(t, 2) * Math.exp(-x * b(t, 4)) + b(t, 3) * Math.exp(-x * b(t, 5)),
  Misra1c: (x: number, t) => b(t, 1) * (1 - (1 + 2 * b(t, 2) * x) ** -0.5),
  MGH10: (x: number, t) => b(t, 1) * Math.exp(b(t, 2) / (x + b(t, 3))),
  Rat42: (x: number, t) => b(t, 1) / (1 + Math.exp(b(t, 2) - b(t, 3) * x)),
};

interface Certified {
  readonly params: readonly { name: string; start1: number; start2: number; certified: number; sd: number }[];
  readonly rss: number;
  readonly residual_sd: number;
  readonly dof: number;
  readonly x: readonly number[] | readonly [readonly number[], readonly number[]];
  readonly y: readonly number[];
}

/** Matched digits, capped at the 11 that are certified. */
const digits = (found: number, certified: number): number =>
  found === certified ? 11 : Math.min(11, -Math.log10(Math.abs(found / certified - 1)));

const worst = (found: Float64Array, certified: readonly number[]): number =>
  Math.min(...certified.map((value, index) => digits(found[index] as number, value)));

withReferenceData<{ problems: Readonly<Record<string, Certified>> }>(
  "calibration/nist-strd/nist_strd.json",
  "NIST StRD nonlinear regression, without derivatives",
  ({ problems }) => {
    const reached: number[] = [];
    for (const [name, problem] of Object.entries(problems)) {
      test(`${name}: parameters to 9 digits and standard deviations to 8 from both starts`, () => {
        const twoPredictors = Array.isArray(problem.x[0]);
        const x = twoPredictors
          ? (problem.x[0] as readonly number[]).map((value, row) => [
              value,
              (problem.x[1] as readonly number[])[row],
            ])
          : problem.x;
        const shape = curve({
          parameters: problem.params.map((parameter) => parameter.name),
          x: x as never[],
          y: twoPredictors ? problem.y.map(Math.log) : problem.y,
          model: MODELS[name] as Model,
        });
        for (const start of ["start1", "start2"] as const) {
          const fit = fitLeastSquares(
            shape,
            problem.params.map((parameter) => parameter[start]),
          );
          const lre = worst(
            fit.parameters,
            problem.params.map(({ certified }) => certified),
          );
          reached.push(lre);
          expect(fit.converged).toBe(true);
          expect(lre).toBeGreaterThan(9);
          const sds = problem.params.map(({ sd }) => sd);
          expect(worst(fit.standardErrors, sds)).toBeGreaterThan(8);
          expect(digits(fit.residualSumOfSquares, problem.rss)).toBeGreaterThan(9);
          expect(digits(fit.residualSd, problem.residual_sd)).toBeGreaterThan(9);
          expect(fit.dof).toBe(problem.dof);
        }
      });
    }
    test("all starts together average 10 digits or more", () => {
      expect(reached).toHaveLength(28);
      expect(reached.reduce((sum, lre) => sum + lre, 0) / reached.length).toBeGreaterThan(10);
    });
  },
);

/** Certified problems small enough to stand here: names, data, starts and values as published by NIST (public domain). */
const SMALL: readonly CertifiedProblem[] = [
  {
    name: "BoxBOD",
    x: [1, 2, 3, 5, 7, 10],
    y: [109, 149, 149, 191, 213, 224],
    starts: [
      [1, 1],
      [100, 0.75],
    ],
    certified: [213.80940889, 0.54723748542],
    sds: [12.354515176, 0.10455993237],
    rss: 1168.0088766,
    model: (x, t) => b(t, 1) * (1 - Math.exp(-b(t, 2) * x)),
  },
  {
    name: "MGH09",
    x: [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625],
    y: [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246],
    starts: [
      [25, 39, 41.5, 39],
      [0.25, 0.39, 0.415, 0.39],
    ],
    certified: [0.19280693458, 0.19128232873, 0.12305650693, 0.13606233068],
    sds: [0.011435312227, 0.19633220911, 0.080842031232, 0.090025542308],
    rss: 3.0750560385e-4,
    model: (x, t) => (b(t, 1) * (x * x + x * b(t, 2))) / (x * x + x * b(t, 3) + b(t, 4)),
  },
  {
    name: "Rat43",
    x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    y: [
      16.08, 33.83, 65.8, 97.2, 191.55, 326.2, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56, 689.96, 637.56,
      717.41,
    ],
    starts: [
      [100, 10, 1, 1],
      [700, 5, 0.75, 1.3],
    ],
    certified: [699.6415127, 5.2771253025, 0.75962938329, 1.2792483859],
    sds: [16.302297817, 2.0828735829, 0.19566123451, 0.68761936385],
    rss: 8786.404908,
    model: (x, t) => b(t, 1) / (1 + Math.exp(b(t, 2) - b(t, 3) * x)) ** (1 / b(t, 4)),
  },
  {
    // 24 values of three exponentials, rounded to six digits.
    name: "Lanczos2",
    x: Array.from({ length: 24 }, (_, row) => row / 20),
    y: Array.from(
      { length: 24 },
      (_, row) =>
        +(
          0.0951 * Math.exp(-row / 20) +
          0.8607 * Math.exp((-3 * row) / 20) +
          1.5576 * Math.exp((-5 * row) / 20)
        ).toPrecision(6),
    ),
    starts: [
      [1.2, 0.3, 5.6, 5.5, 6.5, 7.6],
      [0.5, 0.7, 3.6, 4.2, 4, 6.3],
    ],
    certified: [0.096251029939, 1.0057332849, 0.86424689056, 3.0078283915, 1.5529016879, 5.00287981],
    sds: [
      6.6770575477e-4, 3.3989646176e-3, 1.7185846685e-3, 4.1707005856e-3, 2.3744381417e-3, 1.3958787284e-3,
    ],
    rss: 2.2299428125e-11,
    model: exponentials,
  },
];

describe("further NIST problems, from the hard start and the easy one", () => {
  test.each([...SMALL, ...FURTHER_PROBLEMS])("$name", ({ x, y, starts, certified, sds, rss, model }) => {
    const shape = curve({ parameters: certified.map((_, index) => `b${index + 1}`), x, y, model });
    for (const start of starts) {
      const fit: LeastSquaresFit = fitLeastSquares(shape, start);
      expect(worst(fit.parameters, certified)).toBeGreaterThan(9);
      expect(worst(fit.standardErrors, sds)).toBeGreaterThan(8);
      expect(digits(fit.residualSumOfSquares, rss)).toBeGreaterThan(8);
      expect(fit.relativeOffset).toBeLessThan(1e-6);
    }
  });
});

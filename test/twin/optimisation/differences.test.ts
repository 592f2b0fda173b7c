import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import {
  centralJacobian,
  extrapolatedJacobian,
  type VectorFunction,
} from "@plumbline/twin/optimisation/differences";
import { hessianByDifferences } from "@plumbline/twin/optimisation/hessian";
import { latinHypercube } from "@plumbline/twin/optimisation/latin-hypercube";
import { measureNoise } from "@plumbline/twin/optimisation/model-noise";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

/** y_i = a e^{−b t_i}, t = 0 … 3. */
const TIMES = Array.from({ length: 31 }, (_, index) => index / 10);
const decay: VectorFunction = (x, out) => {
  for (let row = 0; row < out.length; row++)
    out[row] = (x[0] as number) * Math.exp(-(x[1] as number) * (TIMES[row] as number));
  return true;
};
const rounded =
  (digit: number): VectorFunction =>
  (x, out) => {
    decay(x, out);
    for (let row = 0; row < out.length; row++) out[row] = Math.round((out[row] as number) / digit) * digit;
    return true;
  };
const AT = Float64Array.of(2, 0.8);
const exact = (): Matrix => {
  const matrix = new Matrix(TIMES.length, 2);
  TIMES.forEach((time, row) => {
    matrix.set(row, 0, Math.exp(-0.8 * time));
    matrix.set(row, 1, -2 * time * Math.exp(-0.8 * time));
  });
  return matrix;
};
const worstColumn = (found: Matrix, truth: Matrix): number =>
  Math.max(
    ...[0, 1].map((column) => {
      let error = 0;
      let size = 0;
      for (let row = 0; row < truth.rows; row++) {
        error += (found.get(row, column) - truth.get(row, column)) ** 2;
        size += truth.get(row, column) ** 2;
      }
      return Math.sqrt(error / size);
    }),
  );
const valueAt = (f: VectorFunction, x = AT): Float64Array => {
  const value = new Float64Array(TIMES.length);
  f(x, value);
  return value;
};

describe("differences", () => {
  test("of a smooth function, extrapolated, keep 12 digits although the reach is guessed a hundredfold wrong", () => {
    for (const wrong of [0.01, 1, 100]) {
      const found = new Matrix(TIMES.length, 2);
      const errors = new Float64Array(2);
      const noise = 1e-16 * Math.hypot(...valueAt(decay));
      extrapolatedJacobian(
        decay,
        AT,
        valueAt(decay),
        { reach: AT.map((x) => x * wrong), noise },
        found,
        errors,
      );
      // Rounding at a step of 0.05 · 0.01 · reach: ε/(5e-4) ≈ 4e-13 of the function's size.
      expect(worstColumn(found, exact())).toBeLessThan(wrong < 1 ? 2e-12 : 2e-13);
      expect(Math.max(...errors)).toBeLessThan(1e-10);
    }
  });

  test("of one step keep 9 digits for two runs an argument", () => {
    const found = new Matrix(TIMES.length, 2);
    let runs = 0;
    const counted: VectorFunction = (x, out) => {
      runs++;
      return decay(x, out);
    };
    centralJacobian(counted, AT, valueAt(decay), { reach: AT, noise: 1e-15 }, found);
    expect(worstColumn(found, exact())).toBeLessThan(1e-9);
    expect(runs).toBe(4);
  });

  test("rule: the derivative step stands above the solver's noise: a model that rounds to 1e-3 still gets a sane Jacobian", () => {
    const model = rounded(1e-3);
    const value = valueAt(model);
    const noise = measureNoise(model, AT, AT, TIMES.length) as number;
    // Rounding to a digit d has sd d/√12 per output.
    const declared = (1e-3 / Math.sqrt(12)) * Math.sqrt(TIMES.length);
    expect(noise / declared).toBeGreaterThan(0.5);
    expect(noise / declared).toBeLessThan(2);
    const found = new Matrix(TIMES.length, 2);
    const errors = new Float64Array(2);
    extrapolatedJacobian(model, AT, value, { reach: AT, noise }, found, errors);
    // noise/(√2 h) at the first step h = 0.05 · reach is 1.6e-3/(1.41 · 0.1) = 1.1 % of 1: the honest limit.
    expect(worstColumn(found, exact())).toBeLessThan(0.03);
    expect(Math.max(...errors)).toBeGreaterThan(1e-3);
    centralJacobian(model, AT, value, { reach: AT, noise }, found);
    expect(worstColumn(found, exact())).toBeLessThan(0.03);
    // What a step for rounding errors alone makes of it: zeros, or the rounding itself.
    extrapolatedJacobian(model, AT, value, { reach: AT.map((x) => 1e-7 * x), noise: 0 }, found, errors);
    expect(worstColumn(found, exact())).toBeGreaterThan(0.9);
  });

  test("tell by their error when the reach was guessed so short that only noise is left", () => {
    const model = rounded(1e-3);
    const found = new Matrix(TIMES.length, 2);
    const errors = new Float64Array(2);
    const noise = (1e-3 / Math.sqrt(12)) * Math.sqrt(TIMES.length);
    extrapolatedJacobian(model, AT, valueAt(model), { reach: AT.map((x) => 1e-4 * x), noise }, found, errors);
    // All quotients are 0 and agree: without the noise's term the error would be 0 too. Columns have norms of 2.5 and 2.3.
    expect(worstColumn(found, exact())).toBeGreaterThan(0.5);
    expect(Math.min(...errors)).toBeGreaterThan(2);
  });

  test("lean on one side where a limit leaves no room, and never step over it", () => {
    const found = new Matrix(TIMES.length, 2);
    const at = Float64Array.of(2, 0);
    const guarded: VectorFunction = (x, out) => (x[1] as number) >= 0 && decay(x, out);
    const settings = { reach: Float64Array.of(2, 1), noise: 1e-15, low: [0, 0], high: [10, 5] };
    expect(extrapolatedJacobian(guarded, at, valueAt(decay, at), settings, found, new Float64Array(2))).toBe(
      true,
    );
    for (let row = 0; row < TIMES.length; row++)
      expect(found.get(row, 1)).toBeCloseTo(-2 * (TIMES[row] as number), 9);
  });

  test("say so when no step has values", () => {
    const nowhere: VectorFunction = () => false;
    const found = new Matrix(TIMES.length, 2);
    const settings = { reach: AT, noise: 0 };
    expect(extrapolatedJacobian(nowhere, AT, valueAt(decay), settings, found, new Float64Array(2))).toBe(
      false,
    );
    expect(centralJacobian(nowhere, AT, valueAt(decay), settings, found)).toBe(false);
  });
});

describe("the measured noise of a model", () => {
  test("of a formula is its rounding", () => {
    const rounding = Number.EPSILON * Math.hypot(...valueAt(decay));
    const noise = measureNoise(decay, AT, AT, TIMES.length) as number;
    expect(noise).toBeGreaterThanOrEqual(rounding);
    expect(noise).toBeLessThan(10 * rounding);
  });

  test("of a Gaussian error of known size is that size", () => {
    const roll = dice("noise of a model");
    const noisy: VectorFunction = (x, out) => {
      decay(x, out);
      for (let row = 0; row < out.length; row++) out[row] = (out[row] as number) + 1e-6 * roll.normal();
      return true;
    };
    const noise = measureNoise(noisy, AT, AT, TIMES.length) as number;
    // 31 outputs pooled over eight differences: relative sd about 1/√(2 · 31 · 5) = 6 %.
    expect(noise / (1e-6 * Math.sqrt(TIMES.length))).toBeGreaterThan(0.75);
    expect(noise / (1e-6 * Math.sqrt(TIMES.length))).toBeLessThan(1.25);
  });

  test("is not mistaken for the wildness of a function that turns within the spacing", () => {
    const wild: VectorFunction = (x, out) => {
      for (let row = 0; row < out.length; row++)
        out[row] = Math.sin(3000 * (x[0] as number) * (1 + row / 10));
      return true;
    };
    // At the shortest spacing, 1e-5, neighbours differ by up to 0.24 rad: eighth differences leave √γ₈ · 0.24⁸ ≈ 1e-7.
    expect(measureNoise(wild, AT, AT, TIMES.length)).toBeLessThan(1e-6);
  });
});

describe("the Hessian by differences", () => {
  test("of a function with known second derivatives has ten digits", () => {
    const f = (x: Float64Array): number => {
      const [a, b, c] = x as unknown as [number, number, number];
      return Math.exp(a * b) + Math.sin(c) * a * a + 100 * c ** 4;
    };
    const [a, b, c] = [0.7, -1.2, 0.4];
    const e = Math.exp(a * b);
    const truth = [
      [b * b * e + 2 * Math.sin(c), e + a * b * e, 2 * a * Math.cos(c)],
      [e + a * b * e, a * a * e, 0],
      [2 * a * Math.cos(c), 0, -a * a * Math.sin(c) + 1200 * c * c],
    ];
    const { matrix, errors } = hessianByDifferences(
      f,
      Float64Array.of(a, b, c),
      Float64Array.of(1, 1, 1),
      1e-15,
    );
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 3; column++) {
        expect(matrix.get(row, column)).toBeCloseTo(truth[row]?.[column] as number, 8);
        expect(errors.get(row, column)).toBeLessThan(1e-7);
      }
  });

  test("is NaN where the function has no values", () => {
    const { matrix, errors } = hessianByDifferences(
      () => Number.NaN,
      Float64Array.of(1),
      Float64Array.of(1),
      0,
    );
    expect(matrix.get(0, 0)).toBeNaN();
    expect(errors.get(0, 0)).toBeNaN();
  });
});

test("a Latin hypercube has one point in each stratum of each dimension, and the same points for the same dice", () => {
  const cube = latinHypercube(50, 3, dice("cube"));
  for (let column = 0; column < 3; column++) {
    const strata = Array.from({ length: 50 }, (_, row) => Math.floor(50 * cube.get(row, column)));
    expect(new Set(strata).size).toBe(50);
  }
  expect(latinHypercube(50, 3, dice("cube")).data).toEqual(cube.data);
  expect(latinHypercube(50, 3, dice("other")).data).not.toEqual(cube.data);
});

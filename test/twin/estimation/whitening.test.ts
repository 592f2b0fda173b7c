import { fitColour, Whitener } from "@plumbline/twin/estimation/whitening";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

/** Mean run length of a two-sided CUSUM (0.5, 5) on a stream; and its standard error. */
function meanRunLength(next: () => number, runs: number): { mean: number; error: number } {
  let [sum, square] = [0, 0];
  for (let run = 0; run < runs; run++) {
    let [high, low, count] = [0, 0, 0];
    while (high <= 5 && low <= 5) {
      const z = next();
      high = Math.max(0, high + z - 0.5);
      low = Math.max(0, low - z - 0.5);
      count++;
    }
    sum += count;
    square += count * count;
  }
  const mean = sum / runs;
  return { mean, error: Math.sqrt((square / runs - mean * mean) / runs) };
}

describe("autocorrelated residuals", () => {
  const source = dice("coloured");
  let state = 0;
  /** AR(1), φ = 0.5, mean 3, innovations of sd 2. */
  const coloured = (): number => {
    state = 0.5 * state + 2 * source.normal();
    return 3 + state;
  };
  const colour = fitColour(Float64Array.from({ length: 20_000 }, coloured));

  test("raw, in units of their own sd, bring the alarm nine times too early", () => {
    const sd = 2 / Math.sqrt(1 - 0.25);
    const { mean } = meanRunLength(() => (coloured() - 3) / sd, 400);
    expect(mean).toBeLessThan(465.444 / 5);
  });

  test("have their order, coefficient, mean and scale found", () => {
    // Standard errors: of φ √((1 − φ²)/n), of σ σ/√(2n), of the mean σ/((1 − φ)√n); 4.5 of each.
    expect(colour.coefficients).toHaveLength(1);
    expect(Math.abs(colour.coefficients[0]! - 0.5)).toBeLessThan(4.5 * Math.sqrt(0.75 / 20_000));
    expect(Math.abs(colour.sd - 2)).toBeLessThan((4.5 * 2) / Math.sqrt(40_000));
    expect(Math.abs(colour.mean - 3)).toBeLessThan((4.5 * 4) / Math.sqrt(20_000));
  });

  test("whitened, keep the nominal run length to a fifth", () => {
    const whitener = new Whitener(colour);
    const { mean, error } = meanRunLength(() => whitener.next(coloured()), 1_500);
    // A mean that is off by 0.028 (one standard error of it, in innovations' sd) costs 2 % of the run length; the rest is sampling.
    expect(Math.abs(mean / 465.444 - 1)).toBeLessThan(0.2);
    expect(error / mean).toBeLessThan(0.04);
  });

  test("that are white are found to be", () =>
    expect(fitColour(Float64Array.from({ length: 5_000 }, () => source.normal())).coefficients).toEqual([]));

  test("too few, or not finite, are refused", () => {
    expect(refusal(() => fitColour(new Float64Array(100))).code).toBe("TOO_FEW_RESIDUALS");
    expect(refusal(() => fitColour(new Float64Array(600).fill(Number.NaN))).code).toBe("BAD_RESIDUALS");
  });
});

describe("a whitener over gaps", () => {
  const colour = { mean: 3, coefficients: [0.5, 0.3], sd: 2 };
  const readings = [4, 6, 1, 5, 2, 3, 8, 4];
  const innovations = (values: readonly number[]): number[] => {
    const whitener = new Whitener(colour);
    return values.map((value) => whitener.next(value));
  };

  test("gives none for what is missing, and is as before once the gap is out of its order", () => {
    const whole = innovations(readings);
    for (const missing of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const gap = innovations(readings.map((value, row) => (row === 3 ? missing : value)));
      expect(gap[3]).toBeNaN();
      expect(gap.slice(0, 3)).toEqual(whole.slice(0, 3));
      gap.slice(4).forEach((value) => {
        expect(value).toBeTypeOf("number");
        expect(value).not.toBeNaN();
      });
      [6, 7].forEach((row) => {
        expect(gap[row]).toBeCloseTo(whole[row] as number, 12);
      });
    }
  });

  test("predicts over one missing residual with the mean and the variance of two steps", () => {
    const [first, second] = colour.coefficients as [number, number];
    const [before, last] = [readings[1]! - 3, readings[2]! - 3];
    const one = first * last + second * before;
    const two = first * one + second * last;
    const gap = innovations([4, 6, 1, Number.NaN, 2]);
    expect(gap[4]).toBeCloseTo((2 - 3 - two) / (2 * Math.sqrt(1 + first ** 2)), 12);
  });

  test("learns of the missing residual from the one after it", () => {
    const [first, second] = colour.coefficients as [number, number];
    const [one, two, four, five] = [3, -2, -1, 5];
    // z₃ ~ N(m, σ²) and z₄ = φ₁z₃ + φ₂z₂ + σu: by Bayes' rule the gain is φ₁/(1 + φ₁²), what is left σ²/(1 + φ₁²).
    const predicted = first * two + second * one;
    const three = predicted + (first / (1 + first ** 2)) * (four - first * predicted - second * two);
    const variance = 4 * (1 + second ** 2 / (1 + first ** 2));
    const gap = innovations([one, two, Number.NaN, four, five].map((value) => 3 + value));
    expect(gap[4]).toBeCloseTo((five - first * four - second * three) / Math.sqrt(variance), 12);
  });

  test("leaves innovations of unit variance, gaps or not", () => {
    const source = dice("gaps");
    const whitener = new Whitener(colour);
    const past = [0, 0];
    let count = 0;
    let square = 0;
    for (let row = 0; row < 20_000; row++) {
      past.unshift(0.5 * past[0]! + 0.3 * past[1]! + 2 * source.normal());
      const innovation = whitener.next(source.uniform() < 0.3 ? Number.NaN : 3 + past[0]!);
      if (Number.isNaN(innovation) || row < 100) continue;
      count++;
      square += innovation ** 2;
    }
    // 14 000 squares of unit normals: standard error of their mean √(2/n) = 0.012.
    expect(Math.abs(square / count - 1)).toBeLessThan(4.5 * Math.sqrt(2 / count));
  });

  test("of white residuals is not concerned", () => {
    const whitener = new Whitener({ mean: 1, coefficients: [], sd: 2 });
    expect([whitener.next(2), whitener.next(Number.NaN), whitener.next(5)]).toEqual([0.5, Number.NaN, 2]);
  });
});

test("an order that is none, and residuals without a scale, are refused", () => {
  const wave = Array.from({ length: 600 }, (_, row) => Math.sin(row));
  for (const order of [-1, 2.5, Number.NaN])
    expect(refusal(() => fitColour(wave, order)).code).toBe("BAD_ARGUMENT");
  for (const still of [wave.map(() => 0), wave.map(() => 0.1), wave])
    expect(refusal(() => fitColour(still)).code).toBe("CONSTANT_RESIDUALS");
});

import { observed } from "@plumbline/twin/estimation/linear/components/component";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import { kalmanFilter, outlierShare } from "@plumbline/twin/estimation/linear/filter";
import type { Filtered } from "@plumbline/twin/estimation/linear/filtered";
import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import {
  gate,
  huber,
  quantisationVariance,
  type Robust,
  studentT,
} from "@plumbline/twin/estimation/linear/robust";
import { smooth } from "@plumbline/twin/estimation/linear/smoother";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const level = observed(localLevel({ variance: 0.01, start: { covariance: [[1]] } }), { noise: 1 });
const last = ({ steps }: Filtered): number => steps.at(-1)!.filtered.mean[0]!;

describe("a gate", () => {
  test("leaves outliers out, as if they had not been read, and says which", () => {
    const values = [0.1, -0.4, 9, 0.3, 0.2];
    const gated = kalmanFilter(level, { values }, { robust: gate() });
    const without = kalmanFilter(level, { values: [0.1, -0.4, Number.NaN, 0.3, 0.2] });
    expect(last(gated)).toBe(last(without));
    expect(gated.steps.map(({ weights }) => weights[0])).toEqual([1, 1, 0, 1, 1]);
    expect(outlierShare(gated)).toBe(0.2);
    expect(gated.steps[2]!.nis).toBeGreaterThan(15.1367);
    smooth(gated).forEach(({ state }, step) => {
      expect(state.mean[0]).toBe(smooth(without)[step]!.state.mean[0]);
    });
  });

  test("believes a jump after a number of readings in a row, and is then there at once", () => {
    const values = [...Array<number>(20).fill(0), ...Array<number>(12).fill(50)];
    const { steps } = kalmanFilter(level, { values }, { robust: gate({ reacquireAfter: 4 }) });
    const weights = steps.map((step) => step.weights[0]);
    expect(weights.slice(20)).toEqual([0, 0, 0, 0, ...Array<number>(8).fill(1)]);
    expect(steps[24]!.filtered.mean[0]).toBeGreaterThan(45);
    expect(steps.at(-1)!.filtered.mean[0]).toBeCloseTo(50, 0);
  });

  test("judges a row together by the χ² of its size", () => {
    const pair = linearModel({
      transition: Matrix.identity(2),
      processNoise: Matrix.diagonal([0.01, 0.01]),
      observation: Matrix.identity(2),
      observationNoise: Matrix.identity(2),
      start: { covariance: Matrix.identity(2) },
    });
    const robust = gate({ probability: 0.99, scope: "row" });
    // F = 2 each: NIS of (a, a) is a². The 99 % quantile of χ²(2) is 9.2103, of χ²(1) 6.6349.
    const weights = (a: number) => [
      ...kalmanFilter(pair, { values: [[a, a]] }, { robust }).steps[0]!.weights,
    ];
    expect(weights(3.03)).toEqual([1, 1]);
    expect(weights(3.04)).toEqual([0, 0]);
  });

  test("leaves healthy readings out as rarely as promised", () => {
    const source = dice("gate");
    let state = 0;
    const values = Array.from({ length: 10_000 }, () => {
      state += 0.1 * source.normal();
      return state + source.normal();
    });
    const rejected =
      10_000 * outlierShare(kalmanFilter(level, { values }, { robust: gate({ probability: 0.99 }) }));
    // 100 expected, sd 10; after a rejection the belief is a little wider, which only lowers the rate: ± 4.5 sd.
    expect(rejected).toBeGreaterThan(100 - 45);
    expect(rejected).toBeLessThan(100 + 45);
  });
});

describe.each<[string, Robust, number]>([
  ["Huber", huber(), 1.345],
  ["Student-t", studentT({ freedom: 4 }), Number.POSITIVE_INFINITY],
])("the update of %s", (_name, robust, threshold) => {
  const gains = (value: number): number => last(kalmanFilter(level, { values: [value] }, { robust }));

  test("minimises its cost: no other state is better", () => {
    for (const value of [0.5, 3, 8, 100]) {
      const at = gains(value);
      const [r, s] = [1, 1];
      if (Number.isFinite(threshold)) {
        const rho = (u: number) =>
          Math.abs(u) <= threshold ? 0.5 * u * u : threshold * Math.abs(u) - threshold ** 2 / 2;
        const cost = (x: number) => rho((value - x) / Math.sqrt(r)) + (0.5 * x * x) / s;
        expect(cost(at)).toBeLessThanOrEqual(cost(at + 1e-4));
        expect(cost(at)).toBeLessThanOrEqual(cost(at - 1e-4));
      } else {
        // The fixed point of λ = (ν + 1)/(ν + (e² + P⁺)/r).
        const gain = at / value;
        const lambda = (r * gain) / (s * (1 - gain));
        expect(lambda).toBeCloseTo(5 / (4 + ((value - at) ** 2 + (1 - gain) * s) / r), 9);
      }
    }
  });

  test("hardly moves for a far outlier, and is the plain one in the middle or in the limit", () => {
    expect(gains(1000)).toBeLessThan(1.4);
    expect(gains(0.2)).toBeCloseTo(last(kalmanFilter(level, { values: [0.2] })), 1);
    const wide = Number.isFinite(threshold) ? huber({ threshold: 1e6 }) : studentT({ freedom: 1e9 });
    const values = [0.1, 5, -3, 2];
    const limit = kalmanFilter(level, { values }, { robust: wide });
    const plain = kalmanFilter(level, { values });
    expect(last(limit)).toBeCloseTo(last(plain), 6);
    expect(limit.logLikelihood).toBeCloseTo(plain.logLikelihood, 5);
  });

  test("is nearer to the truth than the plain filter when a tenth of the readings is wrong", () => {
    const source = dice("contaminated");
    let [state, plainError, robustError] = [0, 0, 0];
    const truth: number[] = [];
    const values = Array.from({ length: 3000 }, () => {
      state += 0.1 * source.normal();
      truth.push(state);
      return state + source.normal() * (source.uniform() < 0.1 ? 10 : 1);
    });
    const plain = kalmanFilter(level, { values });
    const steady = kalmanFilter(level, { values }, { robust });
    truth.forEach((value, step) => {
      plainError += (plain.steps[step]!.filtered.mean[0]! - value) ** 2;
      robustError += (steady.steps[step]!.filtered.mean[0]! - value) ** 2;
    });
    // The plain filter sees noise of variance 10.9 for 1; the robust ones about 1/0.9 of it.
    expect(robustError / plainError).toBeLessThan(0.3);
    expect(outlierShare(steady)).toBeGreaterThan(0.05);
  });
});

describe("adaptive noise", () => {
  const swift = observed(localLevel({ variance: 1, start: { covariance: [[1]] } }), { noise: 1 });
  const run = (sd: number, wander: number, noise: "observation" | "process", bounds?: [number, number]) => {
    const source = dice(`adaptive ${sd} ${wander}`);
    let state = 0;
    const values = Array.from({ length: 3000 }, () => {
      state += wander * source.normal();
      return state + sd * source.normal();
    });
    const adaptive = { noise, window: 200, ...(bounds && { bounds }) };
    return kalmanFilter(swift, { values }, { adaptive }).steps;
  };
  const averageOf = (numbers: number[]) =>
    numbers.reduce((total, value) => total + value, 0) / numbers.length;

  test("follows the sensor's variance where the process is known", () => {
    const factor = averageOf(
      run(2, 1, "observation")
        .slice(1000)
        .map(({ noiseFactors }) => noiseFactors.observation[0]!),
    );
    // r = 4 from 2000 innovations of variance about 6.6, of which r is 60 %: sd √(2/2000) / 0.6 = 5 %; ± 4 sd.
    expect(Math.abs(factor / 4 - 1)).toBeLessThan(0.2);
  });

  test("follows the process where the sensor is known", () => {
    const steps = run(1, 2, "process").slice(1000);
    const factor = averageOf(steps.map(({ noiseFactors }) => noiseFactors.process));
    // F grows as q^0.75 around q = 4, r = 1: sd √(2/2000) / 0.75 = 4 %; ± 4 sd.
    expect(Math.abs(factor / 4 - 1)).toBeLessThan(0.17);
    expect(averageOf(steps.map(({ nis }) => nis))).toBeCloseTo(1, 1);
  });

  test("never leaves its bounds, and stays at 1 where the model is right", () => {
    for (const { noiseFactors } of run(10, 1, "observation", [0.5, 3]))
      expect(noiseFactors.observation[0]).toBeLessThanOrEqual(3);
    for (const { noiseFactors } of run(0.01, 0, "process", [0.5, 3]))
      expect(noiseFactors.process).toBeGreaterThanOrEqual(0.5);
    const right = averageOf(run(1, 1, "observation").map(({ noiseFactors }) => noiseFactors.observation[0]!));
    // As above with r = 1 of F = 2.6: sd √(2/3000) / 0.38 = 7 %; ± 4 sd.
    expect(Math.abs(right - 1)).toBeLessThan(0.28);
  });

  test("refuses bounds that shut out the model itself", () => {
    expect(() => run(1, 0.1, "process", [2, 3])).toThrow(expect.objectContaining({ code: "BAD_VALUE" }));
  });
});

test("rounding to a step adds the variance of an even spread", () => {
  const source = dice("rounding");
  const errors = Array.from({ length: 20_000 }, () => {
    const value = 10 * source.normal();
    return (Math.round(value / 0.5) * 0.5 - value) ** 2;
  });
  // Var of the squared error is step⁴/180: its mean over 20,000 has a relative sd of 0.6 %; ± 4 sd.
  const mean = errors.reduce((total, value) => total + value, 0) / errors.length;
  expect(Math.abs(mean / quantisationVariance(0.5) - 1)).toBeLessThan(0.025);
});

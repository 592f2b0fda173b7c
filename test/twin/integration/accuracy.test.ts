import { integrate } from "@plumbline/twin/integration/integrate";
import type { OdeSystem } from "@plumbline/twin/integration/system";
import { describe, expect, test } from "vitest";

/** x' = −2t x², x(0) = 1: x = 1/(1 + t²); depends on time, and nonlinearly on the state. */
const bell: OdeSystem = {
  size: 1,
  derivative: (t, x, out) => {
    out[0] = -2 * t * x[0]! ** 2;
  },
};
const exactBell = (t: number): number => 1 / (1 + t * t);

/** Fixed steps: a tolerance that everything passes, and a bound on the step. */
const fixedSteps = (method: "explicit" | "stiff", step: number, times: readonly number[]) =>
  integrate(bell, {
    start: 0,
    initial: [1],
    times,
    method,
    relativeTolerance: 1e9,
    absoluteTolerance: 1e9,
    initialStep: step,
    maxStep: step,
  });

describe.each(["explicit", "stiff"] as const)("the %s method", (method) => {
  test("is of order 5 at the end of its steps", () => {
    const errors = [1 / 16, 1 / 32, 1 / 64].map((step) =>
      Math.abs(fixedSteps(method, step, [2]).states.get(0, 0) - exactBell(2)),
    );
    // Halving divides an error of order 5 by 32; the two fail to do so by at most what the next order adds at such steps.
    expect(Math.log2(errors[0]! / errors[1]!)).toBeGreaterThan(4.5);
    expect(Math.log2(errors[1]! / errors[2]!)).toBeGreaterThan(4.5);
  });

  test("is of order 4 between its steps", () => {
    const times = Array.from({ length: 97 }, (_, index) => 0.013 + 0.02 * index);
    const worst = (step: number): number => {
      const { states } = fixedSteps(method, step, times);
      return Math.max(...times.map((time, row) => Math.abs(states.get(row, 0) - exactBell(time))));
    };
    expect(Math.log2(worst(1 / 8) / worst(1 / 16))).toBeGreaterThan(3.5);
    expect(Math.log2(worst(1 / 16) / worst(1 / 32))).toBeGreaterThan(3.5);
  });

  test("gives the same values however many times are asked for, exactly at those times", () => {
    const few = integrate(bell, {
      start: 0,
      initial: [1],
      times: [0, 0.7, 2],
      method,
      relativeTolerance: 1e-8,
    });
    const many = integrate(bell, {
      start: 0,
      initial: [1],
      times: Array.from({ length: 21 }, (_, index) => index / 10),
      method,
      relativeTolerance: 1e-8,
    });
    expect(few.states.get(0, 0)).toBe(1);
    expect(few.states.get(1, 0)).toBe(many.states.get(7, 0));
    expect(few.states.get(2, 0)).toBe(many.states.get(20, 0));
    for (let row = 0; row <= 20; row++)
      expect(Math.abs(many.states.get(row, 0) - exactBell(row / 10))).toBeLessThan(1e-7);
  });

  test("meets the tolerance of each component on its own scale", () => {
    const decays: OdeSystem = {
      size: 2,
      derivative: (_, x, out) => {
        out[0] = -x[0]!;
        out[1] = -x[1]!;
      },
    };
    const loose = { start: 0, initial: [1e8, 1e-8], times: [3], method, relativeTolerance: [1e-9, 0] };
    const { states } = integrate(decays, { ...loose, absoluteTolerance: [0, 1e-17] });
    expect(states.get(0, 0) / (1e8 * Math.exp(-3))).toBeCloseTo(1, 7);
    expect(states.get(0, 1) / (1e-8 * Math.exp(-3))).toBeCloseTo(1, 7);
  });

  test("lands on a jump of the input: one pulse gives its exact area", () => {
    const heated: OdeSystem = {
      size: 1,
      derivative: (t, x, out) => {
        out[0] = -x[0]! + (t >= 1 && t < 1.001 ? 1000 : 0);
      },
    };
    const { states, counts } = integrate(heated, {
      start: 0,
      initial: [0],
      times: [1, 1.001, 3],
      method,
      relativeTolerance: 1e-9,
      absoluteTolerance: 1e-12,
      discontinuities: [1, 1.001],
    });
    const peak = 1000 * -Math.expm1(-0.001);
    expect(states.get(0, 0)).toBe(0);
    expect(states.get(1, 0)).toBeCloseTo(peak, 8);
    expect(states.get(2, 0)).toBeCloseTo(peak * Math.exp(-1.999), 8);
    expect(counts.rejected).toBe(0);
  });

  test.each([0, 1e9])("calls a model before a jump at earlier times only, from %d on", (initial) => {
    const seen: number[] = [];
    const system: OdeSystem = {
      size: 1,
      derivative: (t, _, out) => {
        seen.push(t);
        out[0] = t < 1 ? 1 : -1;
      },
    };
    const { states } = integrate(system, {
      start: 0,
      initial: [initial],
      times: [1, 2],
      method,
      discontinuities: [1],
    });
    const firstBeyond = seen.findIndex((time) => time >= 1);
    expect(firstBeyond).toBeGreaterThan(5);
    expect(seen.slice(firstBeyond).every((time) => time >= 1)).toBe(true);
    expect(states.get(0, 0) - initial).toBeCloseTo(1, 6);
    expect(states.get(1, 0) - initial).toBeCloseTo(0, 6);
  });
});

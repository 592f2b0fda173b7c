import { minimise } from "@plumbline/twin/optimisation/minimise";
import { hessian } from "@plumbline/twin/optimisation/minimise-differences";
import { multiStart } from "@plumbline/twin/optimisation/minimise-multi-start";
import { nelderMead } from "@plumbline/twin/optimisation/minimise-nelder-mead";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const rosenbrock = (x: Float64Array): number => 100 * (x[1]! - x[0]! ** 2) ** 2 + (1 - x[0]!) ** 2;
/** Powell's singular function: its Hessian is singular at the minimum 0. */
const powell = (x: Float64Array): number =>
  (x[0]! + 10 * x[1]!) ** 2 + 5 * (x[2]! - x[3]!) ** 2 + (x[1]! - 2 * x[2]!) ** 4 + 10 * (x[0]! - x[3]!) ** 4;
/** Wood's function: a saddle next to the minimum at (1, 1, 1, 1). */
const wood = (x: Float64Array): number =>
  100 * (x[1]! - x[0]! ** 2) ** 2 +
  (1 - x[0]!) ** 2 +
  90 * (x[3]! - x[2]! ** 2) ** 2 +
  (1 - x[2]!) ** 2 +
  10 * (x[1]! + x[3]! - 2) ** 2 +
  0.1 * (x[1]! - x[3]!) ** 2;

describe("BFGS", () => {
  test.each([
    ["Rosenbrock", rosenbrock, [-1.2, 1], [1, 1], 1e-6],
    ["Wood", wood, [-3, -1, -3, -1], [1, 1, 1, 1], 1e-5],
    ["Powell's singular function", powell, [3, -1, 0, 1], [0, 0, 0, 0], 2e-2],
  ] as const)("solves %s from its usual start", (_name, objective, start, solution, within) => {
    const minimum = minimise(objective, start);
    expect(minimum.converged).toBe(true);
    solution.forEach((value, index) => {
      expect(Math.abs(minimum.x[index]! - value)).toBeLessThan(within);
    });
  });

  test("uses a gradient that it is given, and then needs no differences", () => {
    let calls = 0;
    const counted = (x: Float64Array): number => {
      calls++;
      return rosenbrock(x);
    };
    const minimum = minimise(counted, [-1.2, 1], {
      gradient: (x, out) => {
        out[0] = -400 * x[0]! * (x[1]! - x[0]! ** 2) - 2 * (1 - x[0]!);
        out[1] = 200 * (x[1]! - x[0]! ** 2);
      },
    });
    expect(minimum.evaluations).toBe(calls);
    expect(calls).toBeLessThan(100);
    expect(minimum.x[0]).toBeCloseTo(1, 6);
  });

  test("takes a step above the noise: a minimum is found under relative noise of 10⁻⁶", () => {
    const source = dice("noise of an objective");
    const noisy = (x: Float64Array): number =>
      (1 + (x[0]! - 2) ** 2 + 3 * (x[1]! + 1) ** 2) * (1 + 1e-6 * (source.uniform() - 0.5));
    const minimum = minimise(noisy, [30, -20], { noise: 1e-6, tolerance: 1e-3 });
    // f rises by the noise at a distance of √1e-6 = 1e-3; differences at h = 1e-2 locate g = 0 within noise/(2 h) ~ 1e-4.
    expect(Math.abs(minimum.x[0]! - 2)).toBeLessThan(5e-3);
    expect(Math.abs(minimum.x[1]! + 1)).toBeLessThan(5e-3);
  });

  test("counts evaluations that throw or are NaN, and steps around them", () => {
    const fenced = (x: Float64Array): number => {
      if (x[0]! > 5) throw new Error("the model does not run here");
      if (x[0]! < 0) return Number.NaN;
      return x[0]! - Math.log(x[0]!) + (x[1]! - 1) ** 2;
    };
    const minimum = minimise(fenced, [4.9, 40]);
    expect(minimum.converged).toBe(true);
    expect(minimum.x[0]).toBeCloseTo(1, 6);
    expect(minimum.failures).toBeGreaterThan(0);
  });

  test("says so when it cannot start, is cut short or falls without end", () => {
    expect(minimise(() => Number.NaN, [1])).toMatchObject({ converged: false, reason: "no finite start" });
    expect(minimise(rosenbrock, [-1.2, 1], { maxIterations: 3 })).toMatchObject({
      converged: false,
      reason: "iterations",
    });
    expect(minimise((x) => -Math.exp(x[0]!), [1]).converged).toBe(false);
  });

  test("keeps its scale with a large constant added", () => {
    const minimum = minimise((x) => 1e4 + rosenbrock(x), [-1.2, 1]);
    expect(minimum.converged).toBe(true);
    expect(minimum.value - 1e4).toBeLessThan(1e-7);
  });
});

describe("Nelder–Mead", () => {
  test("solves Rosenbrock, and a function with a kink that has no gradient at its minimum", () => {
    expect(nelderMead(rosenbrock, [-1.2, 1]).x[0]).toBeCloseTo(1, 4);
    const kink = nelderMead((x) => Math.abs(x[0]! - 3) + 2 * Math.abs(x[1]! + x[0]!), [0, 0]);
    expect(kink.converged).toBe(true);
    expect(kink.x[0]).toBeCloseTo(3, 4);
    expect(kink.x[1]).toBeCloseTo(-3, 4);
  });
});

describe("multi-start", () => {
  /** Rastrigin's function has 11² minima in the box; the least is 0. */
  const rastrigin = (x: Float64Array): number =>
    x.reduce((sum, value) => sum + value * value - 10 * Math.cos(2 * Math.PI * value) + 10, 0);
  const box = { low: [-5, -5], high: [5, 5] };

  test("finds the least of many minima, tells how many starts agree, and repeats from its seed", () => {
    const run = () => multiStart(rastrigin, box, dice("starts"), { starts: 120 });
    const found = run();
    expect(found.best.value).toBeLessThan(1e-9);
    expect(found.agreeing).toBeLessThan(60);
    expect(run().best.x).toEqual(found.best.x);
  });

  test("draws one start in every slice of every coordinate", () => {
    // On a plain without slope a search ends where it starts.
    const points = multiStart(() => 0, box, dice("cube"), { starts: 10 }).all.map(({ x }) => x);
    for (const coordinate of [0, 1]) {
      const slices = points.map((point) => Math.floor(point[coordinate]! + 5)).sort((a, b) => a - b);
      expect(slices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test("refuses a box without an inside, and a search without a start", () => {
    expect(() => multiStart(rosenbrock, { low: [1], high: [0] }, dice(1))).toThrow(/from 1 to 0/);
    expect(() => multiStart(rosenbrock, box, dice(1), { starts: 0 })).toThrow(/no start/);
  });
});

test("the Hessian by extrapolated differences has eight digits", () => {
  const matrix = hessian(
    (x) => Math.exp(x[0]!) * Math.sin(x[1]!) + x[0]! ** 2 * x[1]!,
    Float64Array.of(0.5, 1.2),
  );
  const [x, y] = [0.5, 1.2];
  const exact = [
    Math.exp(x) * Math.sin(y) + 2 * y,
    Math.exp(x) * Math.cos(y) + 2 * x,
    Math.exp(x) * Math.cos(y) + 2 * x,
    -Math.exp(x) * Math.sin(y),
  ];
  exact.forEach((value, index) => {
    expect(Math.abs(matrix.data[index]! / value - 1)).toBeLessThan(1e-8);
  });
});

import { integrate } from "@plumbline/twin/integration/integrate";
import type { IntegrationOptions } from "@plumbline/twin/integration/problem";
import type { OdeSystem } from "@plumbline/twin/integration/system";
import { describe, expect, test } from "vitest";
import {
  arenstorf,
  hires,
  lotkaVolterra,
  oregonator,
  robertson,
  vanDerPol,
} from "../support/initial-value-problems.ts";

interface Published {
  readonly system: OdeSystem;
  readonly initial: readonly number[];
  readonly end: number;
  readonly expected: readonly number[];
}

const solve = ({ system, initial, end }: Published, options: IntegrationOptions) =>
  integrate(system, { start: 0, initial, times: [end], ...options });

const largestRelativeError = (found: Float64Array, expected: readonly number[]): number =>
  Math.max(...expected.map((value, index) => Math.abs(found[index]! / value - 1)));

const tolerance = (relative: number, absolute = relative): IntegrationOptions => ({
  relativeTolerance: relative,
  absoluteTolerance: absolute,
});

describe("published problems end where they are known to end", () => {
  test("the Arenstorf orbit closes, which multiplies errors by some thousands", () => {
    const distance = (relative: number): number => {
      const { states } = solve(arenstorf, { method: "explicit", ...tolerance(relative) });
      return Math.hypot(...arenstorf.expected.map((value, index) => states.get(0, index) - value));
    };
    expect(distance(1e-8)).toBeLessThan(1e-2);
    expect(distance(1e-13)).toBeLessThan(2e-7);
  });

  test.each([
    { name: "Van der Pol, μ = 1000", problem: vanDerPol, options: tolerance(1e-8), digits: 1e-7 },
    { name: "Robertson to 1e11", problem: robertson, options: tolerance(1e-8, 1e-16), digits: 1e-6 },
    { name: "HIRES", problem: hires, options: tolerance(1e-10), digits: 1e-7 },
    { name: "the Oregonator", problem: oregonator, options: tolerance(1e-8), digits: 1e-7 },
  ])("$name, stiff, and of its own accord under auto", ({ problem, options, digits }) => {
    const stiff = solve(problem, { method: "stiff", ...options });
    expect(largestRelativeError(stiff.states.data, problem.expected)).toBeLessThan(digits);
    expect(stiff.stiffFrom).toBeUndefined();
    const auto = solve(problem, options);
    expect(largestRelativeError(auto.states.data, problem.expected)).toBeLessThan(digits);
    expect(auto.stiffFrom).toBeGreaterThan(0);
    // An explicit method needs |λ|·end/3.3 steps at least: more than 1e5 here but for HIRES.
    expect(auto.counts.steps).toBeLessThan(10_000);
  });

  test("a tight tolerance does not hide that a problem is stiff", () => {
    const early = { ...robertson, end: 1e5 };
    const stiff = solve(early, { method: "stiff", ...tolerance(1e-11, 1e-15) });
    const auto = solve(early, tolerance(1e-11, 1e-15));
    expect(auto.counts.steps).toBeLessThan(1.2 * stiff.counts.steps);
  });

  test.each([1e-4, 1e-7, 1e-10, 1e-13])(
    "a problem that is not stiff is never called so, at %d",
    (relative) => {
      expect(solve(arenstorf, tolerance(relative)).stiffFrom).toBeUndefined();
      const spring: OdeSystem = {
        size: 2,
        derivative: (_, x, out) => {
          out[0] = x[1]!;
          out[1] = -x[0]!;
        },
      };
      const swings = { system: spring, initial: [1, 0], end: 100, expected: [Math.cos(100), -Math.sin(100)] };
      expect(solve(swings, tolerance(relative)).stiffFrom).toBeUndefined();
    },
  );

  test("a tighter tolerance gives a proportionally smaller error, over seven decades", () => {
    const errors = [1e-6, 1e-9, 1e-12].map((relative) =>
      largestRelativeError(
        solve(vanDerPol, { method: "stiff", ...tolerance(relative) }).states.data,
        vanDerPol.expected,
      ),
    );
    expect(errors[0]! / errors[1]!).toBeGreaterThan(300);
    expect(errors[1]! / errors[2]!).toBeGreaterThan(300);
  });

  test("a supplied Jacobian and a differenced one lead to the same end", () => {
    const exact: OdeSystem = {
      ...robertson.system,
      jacobian: (_, [, y, z], out) => {
        const rows = [
          [-0.04, 1e4 * z!, 1e4 * y!],
          [0.04, -1e4 * z! - 6e7 * y!, -1e4 * y!],
          [0, 6e7 * y!, 0],
        ];
        for (const [index, row] of rows.entries())
          for (const [column, value] of row.entries()) out.set(index, column, value);
      },
    };
    const options: IntegrationOptions = { method: "stiff", ...tolerance(1e-8, 1e-16) };
    const { states, counts } = solve({ ...robertson, system: exact }, options);
    const differenced = solve(robertson, options);
    expect(largestRelativeError(states.data, robertson.expected)).toBeLessThan(1e-6);
    expect(differenced.counts.derivatives - counts.derivatives).toBeGreaterThanOrEqual(3 * counts.jacobians);
    expect(differenced.counts.steps / counts.steps).toBeLessThan(1.05);
  });

  test("an invariant of Lotka and Volterra is kept to the tolerance over 200 years", () => {
    const times = Array.from({ length: 200 }, (_, year) => year + 1);
    for (const method of ["explicit", "stiff"] as const) {
      const { states } = integrate(lotkaVolterra.system, {
        start: 0,
        initial: lotkaVolterra.initial,
        times,
        method,
        ...tolerance(1e-11),
      });
      const start = lotkaVolterra.invariant([34, 6]);
      for (let row = 0; row < states.rows; row++)
        expect(
          Math.abs(lotkaVolterra.invariant([states.get(row, 0), states.get(row, 1)]) - start),
        ).toBeLessThan(2e-9);
    }
  });
});

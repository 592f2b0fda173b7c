import { Coordinates } from "@plumbline/twin/calibration/problem/coordinates";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

const INF = Number.POSITIVE_INFINITY;
const supports = [
  [-INF, INF],
  [2, INF],
  [-INF, -3],
  [1e-6, 3e-6],
] as const;
const coordinates = new Coordinates(supports);

describe("unbounded coordinates", () => {
  test("come back as the values they stand for, near bounds and far out", () => {
    for (const theta of [
      [0, 2.5, -4, 2e-6],
      [-1e6, 2 + 1e-9, -3 - 1e-9, 1e-6 + 1e-15],
      [1e6, 1e12, -1e12, 3e-6 - 1e-15],
    ]) {
      const back = coordinates.toNatural(coordinates.fromNatural(theta), new Float64Array(4));
      back.forEach((value, index) => {
        expect(Math.abs(value - theta[index]!)).toBeLessThanOrEqual(1e-9 * Math.abs(theta[index]!));
      });
    }
  });

  test("have the Jacobian that their slopes multiply to", () => {
    const z = Float64Array.of(0.3, -1.2, 0.7, -2.1);
    const step = 1e-5;
    let logProduct = 0;
    z.forEach((_, index) => {
      const at = (shift: number): number => {
        const moved = z.slice();
        moved[index]! += shift;
        return coordinates.toNatural(moved, new Float64Array(4))[index]!;
      };
      logProduct += Math.log(Math.abs(at(step) - at(-step)) / (2 * step));
    });
    // Central differences: h²/6 · θ'''/θ' < 1e-10 each; rounding 1e-16/1e-5.
    expect(coordinates.logJacobian(z)).toBeCloseTo(logProduct, 8);
    const slopes = coordinates.slopes(z);
    expect(Math.min(...slopes)).toBeGreaterThan(0);
    expect(slopes.reduce((sum, slope) => sum + Math.log(slope), 0)).toBeCloseTo(logProduct, 8);
  });

  test("do not reach a value on a bound, nor an empty support", () => {
    expect(refusal(() => coordinates.fromNatural([0, 2, -4, 2e-6]))).toMatchObject({
      code: "OUT_OF_SUPPORT",
    });
    expect(refusal(() => new Coordinates([[1, 1]]))).toMatchObject({ code: "EMPTY_SUPPORT" });
  });
});

import { logScale } from "@plumbline/twin/calibration/sampling/scaled-regression";
import { fromStraight, straighten, toStraight } from "@plumbline/twin/calibration/sampling/straightening";
import { cholesky, logDeterminant } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, multiply } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const stream = dice("clouds");
const SIZE = 4;
/** x₀ ~ N(0, 1.5), others N(x₁ shared, e^{x₀}). */
const funnel = Array.from({ length: 2000 }, () => {
  const point = new Float64Array(SIZE);
  point[0] = 1.5 * stream.normal();
  point[1] = 10 + 3 * stream.normal();
  for (let index = 2; index < SIZE; index++) point[index] = point[1]! + Math.exp(point[0]!) * stream.normal();
  return point;
});

describe("straightened coordinates", () => {
  const map = straighten(funnel, 0)!;

  test("are one-to-one", () => {
    const u = new Float64Array(SIZE);
    const back = new Float64Array(SIZE);
    for (const point of funnel.slice(0, 100)) {
      toStraight(map, point, u);
      fromStraight(map, u, back);
      for (let index = 0; index < SIZE; index++) expect(back[index]).toBeCloseTo(point[index]!, 10);
    }
  });

  test("change volumes by e^g(s), up to a constant", () => {
    const logVolume = (point: Float64Array): number => {
      const u = new Float64Array(SIZE);
      toStraight(map, point, u);
      const jacobian = new Matrix(SIZE, SIZE);
      for (let column = 0; column < SIZE; column++) {
        const [above, below] = [1e-5, -1e-5].map((step) => {
          const moved = u.slice();
          moved[column]! += step;
          const x = new Float64Array(SIZE);
          fromStraight(map, moved, x);
          return x;
        });
        for (let row = 0; row < SIZE; row++) jacobian.set(row, column, (above![row]! - below![row]!) / 2e-5);
      }
      return (
        logDeterminant(cholesky(multiply(jacobian.transpose(), jacobian))) / 2 - logScale(map.growth, u[0]!)
      );
    };
    const constant = logVolume(funnel[0]!);
    for (const point of funnel.slice(1, 20)) expect(logVolume(point)).toBeCloseTo(constant, 5);
  });

  test("take the funnel out: the scale of the residuals no longer follows the pivot", () => {
    const us = funnel.map((point) => {
      const u = new Float64Array(SIZE);
      toStraight(map, point, u);
      return u;
    });
    const spread = (part: readonly Float64Array[]): number =>
      Math.sqrt(part.reduce((sum, u) => sum + u[3]! ** 2, 0) / part.length);
    const narrow = spread(us.filter((u) => u[0]! < -1));
    const wide = spread(us.filter((u) => u[0]! > 1));
    // Straight from x the ratio would be about e^{1.5 · 3} = 90; 317 points a side know a ratio of sds to 6 %.
    expect(wide / narrow).toBeGreaterThan(0.7);
    expect(wide / narrow).toBeLessThan(1.4);
  });

  test("are not made for a cloud that is an ellipsoid", () => {
    const plain = Array.from({ length: 1000 }, () => {
      const first = stream.normal();
      return Float64Array.of(first, 2 * first + stream.normal(), stream.normal());
    });
    expect(straighten(plain, 0)).toBeUndefined();
  });

  test("are not made for a cloud that lies in a plane", () => {
    const flat = funnel.map((point) => Float64Array.of(point[0]!, point[2]!, point[2]!));
    expect(straighten(flat, 0)).toBeUndefined();
  });
});

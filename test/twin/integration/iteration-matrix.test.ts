import { IterationMatrix } from "@plumbline/twin/integration/iteration-matrix";
import { Tolerance } from "@plumbline/twin/integration/tolerance";
import { Matrix, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

describe("s I − J", () => {
  test("is solved with rows exchanged where a pivot vanishes", () => {
    const matrix = new IterationMatrix(3);
    // W = [[0, −1, 2], [−3, 1e-20, 1], [−1, −2, 0.5]]
    const jacobian = Matrix.from([
      [1, 1, -2],
      [3, 1 - 1e-20, -1],
      [1, 2, 0.5],
    ]);
    expect(matrix.factor(1, jacobian)).toBe(true);
    const x = Float64Array.of(1, 2, 3);
    matrix.solve(x);
    const back = timesVector(jacobian, x).map((value, row) => x[row]! - value);
    [...back].forEach((value, row) => {
      expect(value).toBeCloseTo(row + 1, 12);
    });
  });

  test("keeps its digits however the entries are spread", () => {
    const random = dice("spread");
    for (let run = 0; run < 50; run++) {
      const size = 6;
      const jacobian = new Matrix(
        size,
        size,
        Float64Array.from({ length: size * size }, () => random.normal() * 10 ** (6 * random.uniform())),
      );
      const matrix = new IterationMatrix(size);
      expect(matrix.factor(1e-3, jacobian)).toBe(true);
      const right = Float64Array.from({ length: size }, () => random.normal());
      const x = right.slice();
      matrix.solve(x);
      const product = timesVector(jacobian, x);
      for (let row = 0; row < size; row++) {
        let scale = Math.abs(right[row]!);
        for (let column = 0; column < size; column++)
          scale += Math.abs(jacobian.get(row, column) * x[column]!);
        expect(Math.abs(1e-3 * x[row]! - product[row]! - right[row]!)).toBeLessThan(1e-13 * scale);
      }
    }
  });

  test("tells a matrix that is singular or not finite", () => {
    expect(new IterationMatrix(2).factor(1, Matrix.identity(2))).toBe(false);
    expect(new IterationMatrix(1).factor(1, Matrix.from([[Number.NaN]]))).toBe(false);
    expect(new IterationMatrix(1).factor(1, Matrix.from([[Number.POSITIVE_INFINITY]]))).toBe(false);
  });
});

describe("the norm of an error", () => {
  test("is the root mean square in units of each component's own tolerance", () => {
    const tolerance = new Tolerance(2, [0.1, 0.01], [0, 1]);
    // Allowed: 0.1 · 20 = 2 and 1 + 0.01 · 100 = 2.
    const norm = tolerance.norm(Float64Array.of(2, 4), Float64Array.of(20, -100), Float64Array.of(3, 50));
    expect(norm).toBeCloseTo(Math.sqrt((1 + 4) / 2), 14);
    expect(
      tolerance.norm(Float64Array.of(Number.NaN, 0), Float64Array.of(1, 1), Float64Array.of(1, 1)),
    ).toBeNaN();
  });

  test("is beyond any bound where a relative tolerance meets zero, unless there is no error", () => {
    const tolerance = new Tolerance(1, 1e-6, 0);
    const zero = Float64Array.of(0);
    expect(tolerance.norm(Float64Array.of(1e-30), zero, zero)).toBeGreaterThan(1e200);
    expect(tolerance.norm(zero, zero, zero)).toBe(0);
  });
});

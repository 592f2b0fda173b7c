import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { symmetricEigen } from "@plumbline/twin/linear-algebra/symmetric-eigen";
import { TridiagonalEigensolver } from "@plumbline/twin/linear-algebra/tridiagonal-eigen";
import { expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { refusal } from "../support/refusals.ts";

/** A Aᵀ of an n × rank matrix, by rows. */
function gram(size: number, rank: number): Float64Array[] {
  const random = seeded(100 * size + rank);
  const rows = Array.from({ length: size }, () => Float64Array.from({ length: rank }, () => random.normal()));
  return rows.map((left) =>
    Float64Array.from(rows, (right) => left.reduce((sum, value, index) => sum + value * right[index]!, 0)),
  );
}

/** ‖A‖ of a Gram matrix is at most its trace; the errors of both solvers are a few n ε of it. */
const tolerance = (rows: readonly Float64Array[]): number =>
  rows.length * Number.EPSILON * rows.reduce((sum, row, index) => sum + row[index]!, 0);

test.each([
  [1, 1],
  [2, 2],
  [3, 1],
  [7, 3],
  [24, 24],
  [40, 28],
])(
  "a Gram matrix of %d rows and rank %d: the eigenvalues of Jacobi's rotations, orthonormal vectors",
  (size, rank) => {
    const rows = gram(size, rank);
    const solver = new TridiagonalEigensolver(size);
    solver.solve(rows);
    const { values } = symmetricEigen(Matrix.from(rows.map((row) => Array.from(row))));
    const ascending = solver.values.slice().sort();
    ascending.forEach((value, index) => {
      expect(Math.abs(value - values[index]!)).toBeLessThan(tolerance(rows));
    });
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let product = 0;
        let entry = 0;
        for (let index = 0; index < size; index++) {
          product += solver.vectors[row]![index]! * solver.vectors[column]![index]!;
          entry += solver.vectors[index]![row]! * solver.values[index]! * solver.vectors[index]![column]!;
        }
        expect(Math.abs(product - (row === column ? 1 : 0))).toBeLessThan(size * 2e-15);
        expect(Math.abs(entry - rows[row]![column]!)).toBeLessThan(4 * tolerance(rows));
      }
    }
  },
);

test("diagonal, zero and already tridiagonal matrices need no rotation to be right", () => {
  const solver = new TridiagonalEigensolver(3);
  solver.solve([Float64Array.of(3, 0, 0), Float64Array.of(0, -1, 0), Float64Array.of(0, 0, 2)]);
  expect([...solver.values]).toEqual([3, -1, 2]);
  solver.solve([new Float64Array(3), new Float64Array(3), new Float64Array(3)]);
  expect([...solver.values]).toEqual([0, 0, 0]);
  // The chain of three: 2 and 2 ± √2.
  solver.solve([Float64Array.of(2, 1, 0), Float64Array.of(1, 2, 1), Float64Array.of(0, 1, 2)]);
  expect(Math.min(...solver.values)).toBeCloseTo(2 - Math.SQRT2, 14);
  expect(Math.max(...solver.values)).toBeCloseTo(2 + Math.SQRT2, 14);
});

test("reads the lower triangle only, and the same solver serves again", () => {
  const solver = new TridiagonalEigensolver(2);
  solver.solve([Float64Array.of(2, Number.NaN), Float64Array.of(1, 2)]);
  expect(Math.max(...solver.values)).toBeCloseTo(3, 14);
  solver.solve([Float64Array.of(5, 0), Float64Array.of(0, 1)]);
  expect([...solver.values]).toEqual([5, 1]);
});

test("NO_CONVERGENCE: an entry that is not a number ends the search", () => {
  const solver = new TridiagonalEigensolver(3);
  const rows = [Float64Array.of(1, 0, 0), Float64Array.of(Number.NaN, 1, 0), Float64Array.of(0, 1, 1)];
  expect(refusal(() => solver.solve(rows)).code).toBe("NO_CONVERGENCE");
});

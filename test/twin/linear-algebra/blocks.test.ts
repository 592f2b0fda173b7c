import { blockDiagonal, submatrix } from "@plumbline/twin/linear-algebra/blocks";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { expect, test } from "vitest";

test("blocks stand along the diagonal, also those that are not square or are empty", () => {
  const blocks = [Matrix.from([[1, 2]]), new Matrix(1, 0), Matrix.from([[3], [4]])];
  expect(blockDiagonal(blocks)).toEqual(
    Matrix.from([
      [1, 2, 0],
      [0, 0, 0],
      [0, 0, 3],
      [0, 0, 4],
    ]),
  );
});

test("a submatrix has the rows and columns that were named, in that order", () => {
  const matrix = Matrix.from([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  expect(submatrix(matrix, [2, 0])).toEqual(
    Matrix.from([
      [9, 7],
      [3, 1],
    ]),
  );
  expect(submatrix(matrix, [1], [0, 2])).toEqual(Matrix.from([[4, 6]]));
});

import { Matrix, multiply, plus, symmetrise } from "@plumbline/twin/linear-algebra/matrix";
import type { Dice } from "@plumbline/twin/random/dice";

export const random = (rows: number, columns: number, dice: Dice): Matrix =>
  new Matrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => dice.normal()),
  );

export const positive = (size: number, dice: Dice): Matrix => {
  const factor = random(size, size, dice);
  return symmetrise(plus(multiply(factor, factor.transpose()), Matrix.identity(size), 0.1));
};

/** H_ij = 1/(i + j + 1): the classic of ill-conditioning, each entry rounded once. */
export const hilbert = (size: number): Matrix =>
  new Matrix(
    size,
    size,
    Float64Array.from({ length: size * size }, (_, k) => 1 / (Math.floor(k / size) + (k % size) + 1)),
  );

export const largestDifference = (left: Matrix, right: Matrix): number => {
  if (left.rows !== right.rows || left.columns !== right.columns)
    throw new Error(`${left.rows} × ${left.columns} against ${right.rows} × ${right.columns}`);
  return left.data.reduce((most, value, k) => Math.max(most, Math.abs(value - right.data[k]!)), 0);
};

/** max |QᵀQ − I|. */
export const orthogonalityDefect = (columns: Matrix): number =>
  largestDifference(multiply(columns.transpose(), columns), Matrix.identity(columns.columns));

/** Matched digits, the fewest over all entries. */
export const digits = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  let fewest = 17;
  for (let k = 0; k < expected.length; k++) {
    const error = Math.abs(found[k]! - expected[k]!);
    if (error !== 0) fewest = Math.min(fewest, -Math.log10(error / Math.abs(expected[k]!)));
    if (Number.isNaN(error)) return Number.NaN;
  }
  return fewest;
};

import { TwinError } from "../../errors.ts";
import { requireFinite } from "../../linear-algebra/finite.ts";
import { Matrix, shapeError } from "../../linear-algebra/matrix.ts";

/** A matrix as people write it: rows of numbers, or a Matrix. */
export type MatrixLike = Matrix | readonly (readonly number[])[];

export type VectorLike = ArrayLike<number>;

/** @throws {TwinError} BAD_SHAPE for ragged rows, NOT_FINITE. */
export function matrixOf(rows: MatrixLike, name: string): Matrix {
  const matrix = rows instanceof Matrix ? rows.copy() : fromRows(rows, name);
  requireFinite(matrix, name);
  return matrix;
}

function fromRows(rows: readonly (readonly number[])[], name: string): Matrix {
  const columns = rows[0]?.length ?? 0;
  const ragged = rows.findIndex((row) => row.length !== columns);
  if (ragged >= 0)
    throw shapeError(
      `row ${ragged} of ${name} has ${rows[ragged]?.length} entries, row 0 has ${columns}`,
      "rows of equal length",
    );
  return Matrix.from(rows);
}

/** @throws {TwinError} NOT_FINITE. */
export function vectorOf(entries: VectorLike, name: string): Float64Array {
  const vector = Float64Array.from(entries);
  requireFinite(vector, name);
  return vector;
}

/** @throws {TwinError} BAD_VALUE unless 0 ≤ variance < ∞. */
export function checkedVariance(variance: number, name: string): number {
  if (!(variance >= 0 && variance < Number.POSITIVE_INFINITY))
    throw new TwinError("BAD_VALUE", `${name} is ${variance}`, "a variance is a finite number ≥ 0");
  return variance;
}

/** @throws {TwinError} BAD_VALUE unless 0 < value < ∞. */
export function checkedPositive(value: number, name: string): number {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new TwinError("BAD_VALUE", `${name} is ${value}`, "expected a finite number > 0");
  return value;
}

/** @throws {TwinError} BAD_VALUE unless value is an integer ≥ least. */
export function checkedCount(value: number, least: number, name: string): number {
  if (!Number.isInteger(value) || value < least)
    throw new TwinError("BAD_VALUE", `${name} is ${value}`, `expected a whole number ≥ ${least}`);
  return value;
}

/** The unit vectors of the named states as columns, n × d. */
export function unitDirections(states: number, indices: readonly number[]): Matrix {
  const directions = new Matrix(states, indices.length);
  indices.forEach((state, column) => {
    directions.set(state, column, 1);
  });
  return directions;
}

import { Matrix } from "./matrix.ts";

/** The blocks along the diagonal, zeros elsewhere; blocks need not be square. */
export function blockDiagonal(blocks: readonly Matrix[]): Matrix {
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const columns = blocks.reduce((sum, block) => sum + block.columns, 0);
  const result = new Matrix(rows, columns);
  let [top, left] = [0, 0];
  for (const block of blocks) {
    copyBlock(result, block, top, left);
    top += block.rows;
    left += block.columns;
  }
  return result;
}

/** The entries of these rows and columns, in their order. */
export function submatrix(
  matrix: Matrix,
  rows: readonly number[],
  columns: readonly number[] = rows,
): Matrix {
  const result = new Matrix(rows.length, columns.length);
  rows.forEach((from, row) => {
    columns.forEach((column, to) => {
      result.set(row, to, matrix.get(from, column));
    });
  });
  return result;
}

/** `block` into `target` from this row and column on. */
export function copyBlock(target: Matrix, block: Matrix, top: number, left: number): void {
  for (let row = 0; row < block.rows; row++)
    for (let column = 0; column < block.columns; column++)
      target.set(top + row, left + column, block.get(row, column));
}

/** A copy of the columns from `from` to before `to`. */
export function columns(matrix: Matrix, from: number, to: number): Matrix {
  const result = new Matrix(matrix.rows, to - from);
  for (let row = 0; row < matrix.rows; row++)
    for (let column = from; column < to; column++) result.set(row, column - from, matrix.get(row, column));
  return result;
}

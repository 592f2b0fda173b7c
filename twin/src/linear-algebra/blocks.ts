import { Matrix } from "./matrix.ts";

/** The blocks along the diagonal, zeros elsewhere; blocks need not be square. */
export function blockDiagonal(blocks: readonly Matrix[]): Matrix {
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const columns = blocks.reduce((sum, block) => sum + block.columns, 0);
  const result = new Matrix(rows, columns);
  let [top, left] = [0, 0];
  for (const block of blocks) {
    for (let row = 0; row < block.rows; row++)
      for (let column = 0; column < block.columns; column++)
        result.set(top + row, left + column, block.get(row, column));
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

import { type Matrix, shapeError } from "./matrix.ts";
import { spanAdd, spanDot } from "./spans.ts";

/*
 * Products into room that exists: what filters do at every step. Shapes are checked (a few comparisons), nothing is
 * allocated, and every inner loop runs along rows. `out` must not be an operand.
 */

/** out ← A B. */
export function multiplyInto(out: Matrix, left: Matrix, right: Matrix): Matrix {
  checkProduct(out, left.rows, left.columns, right.rows, right.columns);
  const width = right.columns;
  out.data.fill(0);
  for (let row = 0; row < left.rows; row++)
    for (let inner = 0; inner < left.columns; inner++) {
      const scale = left.get(row, inner);
      if (scale !== 0) spanAdd(out.data, row * width, scale, right.data, inner * width, width);
    }
  return out;
}

/** out ← A Bᵀ. */
export function multiplyTransposedInto(out: Matrix, left: Matrix, right: Matrix): Matrix {
  checkProduct(out, left.rows, left.columns, right.columns, right.rows);
  const inner = left.columns;
  for (let row = 0; row < left.rows; row++)
    for (let column = 0; column < right.rows; column++)
      out.set(row, column, spanDot(left.data, row * inner, right.data, column * inner, inner));
  return out;
}

/** out ← F P Fᵀ for symmetric P; symmetric to the last bit. `work` is of the shape of F. */
export function sandwichInto(out: Matrix, outer: Matrix, symmetric: Matrix, work: Matrix): Matrix {
  multiplyInto(work, outer, symmetric);
  checkProduct(out, work.rows, work.columns, outer.columns, outer.rows);
  const inner = outer.columns;
  for (let row = 0; row < outer.rows; row++) {
    for (let column = 0; column <= row; column++) {
      const value = spanDot(work.data, row * inner, outer.data, column * inner, inner);
      out.set(row, column, value);
      out.set(column, row, value);
    }
  }
  return out;
}

/** C ← C + scale · A Aᵀ for symmetric C, n × n, and A, n × k; symmetric to the last bit if C was. */
export function symmetricRankUpdate(target: Matrix, factor: Matrix, scale = 1): Matrix {
  checkProduct(target, factor.rows, factor.columns, factor.columns, factor.rows);
  const inner = factor.columns;
  for (let row = 0; row < factor.rows; row++) {
    for (let column = 0; column <= row; column++) {
      const value =
        target.get(row, column) +
        scale * spanDot(factor.data, row * inner, factor.data, column * inner, inner);
      target.set(row, column, value);
      target.set(column, row, value);
    }
  }
  return target;
}

function checkProduct(out: Matrix, rows: number, inner: number, otherInner: number, columns: number): void {
  if (inner !== otherInner || out.rows !== rows || out.columns !== columns)
    throw shapeError(
      `${rows} × ${inner} times ${otherInner} × ${columns} into ${out.rows} × ${out.columns}`,
      "equal inner sizes and a result of the outer ones",
    );
}

import { type Matrix, shapeError } from "./matrix.ts";
import { spanAdd } from "./spans.ts";

/*
 * Products into room that exists: what filters do at every step. Shapes are checked (a few comparisons), nothing is
 * allocated, and every inner loop runs along rows. `out` must not be an operand.
 */

/** out ← A B, two rows of B at a time. */
export function multiplyInto(out: Matrix, left: Matrix, right: Matrix): Matrix {
  checkProduct(out, left.rows, left.columns, right.rows, right.columns);
  const width = right.columns;
  const b = right.data;
  const c = out.data;
  c.fill(0);
  const paired = left.columns - (left.columns % 2);
  for (let row = 0; row < left.rows; row++) {
    const start = row * width;
    for (let inner = 0; inner < paired; inner += 2) {
      const near = left.get(row, inner);
      const far = left.get(row, inner + 1);
      const source = inner * width;
      for (let column = 0; column < width; column++) {
        const sum = near * (b[source + column] as number) + far * (b[source + width + column] as number);
        c[start + column] = (c[start + column] as number) + sum;
      }
    }
    if (paired < left.columns) spanAdd(c, start, left.get(row, paired), b, paired * width, width);
  }
  return out;
}

/** out ← A Bᵀ. */
export function multiplyTransposedInto(out: Matrix, left: Matrix, right: Matrix): Matrix {
  checkProduct(out, left.rows, left.columns, right.columns, right.rows);
  out.data.fill(0);
  return addRowProducts(out, left, right, 1, false);
}

/** out ← F P Fᵀ for symmetric P; symmetric to the last bit. `work` is of the shape of F. */
export function sandwichInto(out: Matrix, outer: Matrix, symmetric: Matrix, work: Matrix): Matrix {
  multiplyInto(work, outer, symmetric);
  checkProduct(out, work.rows, work.columns, outer.columns, outer.rows);
  out.data.fill(0);
  return mirrorLower(addRowProducts(out, work, outer, 1, true));
}

/** C ← C + scale · A Aᵀ for symmetric C, n × n, and A, n × k; symmetric to the last bit. */
export function symmetricRankUpdate(target: Matrix, factor: Matrix, scale = 1): Matrix {
  checkProduct(target, factor.rows, factor.columns, factor.columns, factor.rows);
  return mirrorLower(addRowProducts(target, factor, factor, scale, true));
}

/** Lower triangle of the leading `rows` × `rows` block of `out` ← A Aᵀ for the first `rows` rows of A; the rest stays. */
export function gramOfRows(out: Matrix, array: Matrix, rows: number = array.rows): Matrix {
  for (let row = 0; row < rows; row++) out.data.fill(0, row * out.columns, row * out.columns + row + 1);
  return addRowProducts(out, array, array, 1, true, rows);
}

/** The upper triangle becomes that below the diagonal, in place. */
export function mirrorLower(matrix: Matrix): Matrix {
  for (let row = 1; row < matrix.rows; row++)
    for (let column = 0; column < row; column++) matrix.set(column, row, matrix.get(row, column));
  return matrix;
}

/**
 * out ← out + scale · A Bᵀ, or its lower triangle, in tiles of 2 × 2: four sums run beside one another on two rows of each, so
 * that each number that is fetched is used twice. At an odd edge a row stands in for its missing neighbour.
 */
function addRowProducts(
  out: Matrix,
  left: Matrix,
  right: Matrix,
  scale: number,
  lower: boolean,
  rows: number = left.rows,
): Matrix {
  const inner = left.columns;
  const a = left.data;
  const b = right.data;
  const columns = lower ? rows : right.rows;
  for (let row = 0; row < rows; row += 2) {
    const top = row * inner;
    const bottom = row + 1 < rows ? top + inner : top;
    for (let column = 0; column < (lower ? row + 1 : columns); column += 2) {
      const near = column * inner;
      const far = column + 1 < columns ? near + inner : near;
      let topNear = 0;
      let topFar = 0;
      let bottomNear = 0;
      let bottomFar = 0;
      for (let index = 0; index < inner; index++) {
        const first = a[top + index] as number;
        const second = a[bottom + index] as number;
        const third = b[near + index] as number;
        const fourth = b[far + index] as number;
        topNear += first * third;
        topFar += first * fourth;
        bottomNear += second * third;
        bottomFar += second * fourth;
      }
      out.add(row, column, scale * topNear);
      if (far !== near) out.add(row, column + 1, scale * topFar);
      if (bottom !== top) out.add(row + 1, column, scale * bottomNear);
      if (bottom !== top && far !== near) out.add(row + 1, column + 1, scale * bottomFar);
    }
  }
  return out;
}

function checkProduct(out: Matrix, rows: number, inner: number, otherInner: number, columns: number): void {
  if (inner !== otherInner || out.rows !== rows || out.columns !== columns)
    throw shapeError(
      `${rows} × ${inner} times ${otherInner} × ${columns} into ${out.rows} × ${out.columns}`,
      "equal inner sizes and a result of the outer ones",
    );
}

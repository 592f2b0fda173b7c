import type { Matrix } from "./matrix.ts";
import { planeLength } from "./spans.ts";

/**
 * A pre-array A, n × k, becomes its lower triangle [L 0] in place: L Lᵀ = A Aᵀ, L_ii ≥ 0. A Aᵀ is never formed, and its
 * condition number never squared.
 *
 * Square-root filters live on it: [[R^½, H L], [0, L]] → [[S^½, 0], [K S^½, L⁺]] is Bayes' rule, [F L, Q^½] → [L⁻, 0] the
 * passing of time.
 *
 * Plane rotations from the right, one for each entry above the diagonal that is not zero: half a digit more than by
 * Householder reflections where the columns of A are of very different size, as after a precise reading.
 *
 * @param work room for 2k numbers; what is absent is allocated.
 * @see Golub & Van Loan (2013), Matrix Computations, §5.2.5; Kailath, Sayed & Hassibi (2000), Linear Estimation, ch. 12.
 */
export function triangularise(
  array: Matrix,
  work: Float64Array = new Float64Array(2 * array.columns),
): Matrix {
  const { rows, columns } = array;
  for (let row = 0; row < Math.min(rows, columns); row++) {
    findRotations(array, row, work);
    for (let below = row + 1; below < rows; below++) rotate(array, row, below, work);
    if (array.get(row, row) < 0)
      for (let below = row; below < rows; below++) array.set(below, row, -array.get(below, row));
  }
  return array;
}

/** The square n × n part of a triangularised array, copied into `out`. */
export function lowerPart(array: Matrix, out: Matrix): Matrix {
  for (let row = 0; row < out.rows; row++)
    for (let column = 0; column < out.columns; column++)
      out.set(row, column, column <= row ? array.get(row, column) : 0);
  return out;
}

/** Rotations that carry the entries right of the diagonal into it, last first: cosine and sine of each into `work`. */
function findRotations(array: Matrix, row: number, work: Float64Array): void {
  let diagonal = array.get(row, row);
  for (let column = array.columns - 1; column > row; column--) {
    const entry = array.get(row, column);
    work[2 * column + 1] = 0;
    if (entry === 0) continue;
    const length = planeLength(diagonal, entry);
    work[2 * column] = diagonal / length;
    work[2 * column + 1] = entry / length;
    diagonal = length;
    array.set(row, column, 0);
  }
  array.set(row, row, diagonal);
}

function rotate(array: Matrix, row: number, below: number, work: Float64Array): void {
  const { data, columns } = array;
  const start = below * columns;
  let diagonal = data[start + row] as number;
  for (let column = columns - 1; column > row; column--) {
    const sine = work[2 * column + 1] as number;
    if (sine === 0) continue;
    const cosine = work[2 * column] as number;
    const entry = data[start + column] as number;
    data[start + column] = cosine * entry - sine * diagonal;
    diagonal = cosine * diagonal + sine * entry;
  }
  data[start + row] = diagonal;
}

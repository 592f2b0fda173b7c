import type { Matrix } from "./matrix.ts";
import { spanAdd, spanDot, stridedNorm } from "./spans.ts";

/**
 * A pre-array A, n × k, becomes its lower triangle [L 0] in place: L Lᵀ = A Aᵀ, L_ii ≥ 0. One Householder reflection from the
 * right for each row, so that every loop runs along rows; A Aᵀ is never formed, and its condition number never squared.
 *
 * Square-root filters live on it: [[R^½, H L], [0, L]] → [[S^½, 0], [K S^½, L⁺]] is Bayes' rule, [F L, Q^½] → [L⁻, 0] the
 * passing of time.
 *
 * With k < n, L has n − k columns of zeros less than its size: columns k … n − 1 do not exist. Allocates nothing.
 * @see Golub & Van Loan (2013), Matrix Computations, §5.2; Kailath, Sayed & Hassibi (2000), Linear Estimation, ch. 12.
 */
export function triangularise(array: Matrix): Matrix {
  const { rows, columns, data } = array;
  for (let row = 0; row < Math.min(rows, columns); row++) {
    const length = columns - row;
    const start = row * columns + row;
    const norm = stridedNorm(data, start, 1, length);
    const head = array.get(row, row);
    if (norm === Math.abs(head)) {
      if (head < 0) negateColumn(array, row);
      continue;
    }
    // v = (head ± norm, tail), scaled so that H = I − v vᵀ/(norm·|v₀|); the sign that does not cancel.
    const first = head > 0 ? head + norm : head - norm;
    array.set(row, row, first);
    const scale = 1 / (norm * Math.abs(first));
    for (let below = row + 1; below < rows; below++) {
      const target = below * columns + row;
      spanAdd(data, target, -scale * spanDot(data, target, data, start, length), data, start, length);
    }
    data.fill(0, start, start + length);
    array.set(row, row, head > 0 ? -norm : norm);
    if (head > 0) negateColumn(array, row);
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

function negateColumn(array: Matrix, column: number): void {
  for (let row = column; row < array.rows; row++) array.set(row, column, -array.get(row, column));
}

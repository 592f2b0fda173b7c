import { submatrix } from "../../linear-algebra/blocks.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";

/** Room for the intervals of a series that hardly repeats; models return the same object where nothing changes. */
const MOST_KEPT = 64;

/** G with Q = G Gᵀ, n × q, one column for each source of noise; prepared once for each matrix object. */
export class NoiseRoots {
  readonly #kept = new Map<Matrix, Matrix>();

  of(noise: Matrix): Matrix {
    const known = this.#kept.get(noise);
    if (known !== undefined) return known;
    const root = withoutEmptyColumns(semidefiniteFactor(noise, "the process noise"));
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(noise, root);
    return root;
  }
}

/** A copy without the columns that hold nothing but zeros. */
export function withoutEmptyColumns(matrix: Matrix): Matrix {
  const rows = Array.from({ length: matrix.rows }, (_, row) => row);
  const filled = Array.from({ length: matrix.columns }, (_, column) => column).filter((column) =>
    rows.some((row) => matrix.get(row, column) !== 0),
  );
  return submatrix(matrix, rows, filled);
}

import { submatrix } from "../../linear-algebra/blocks.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";

/** Room for the intervals of a series that hardly repeats; models return the same object where nothing changes. */
const MOST_KEPT = 64;

interface NoiseRoot {
  readonly root: Matrix;
  readonly transposed: Matrix;
}

/** G with Q = G Gᵀ, n × q, one column for each source of noise; prepared once for each matrix object. */
export class NoiseRoots {
  readonly #kept = new Map<Matrix, NoiseRoot>();
  #last: Matrix | undefined;
  #prepared: NoiseRoot | undefined;

  of(noise: Matrix): Matrix {
    return this.#both(noise).root;
  }

  transposed(noise: Matrix): Matrix {
    return this.#both(noise).transposed;
  }

  #both(noise: Matrix): NoiseRoot {
    if (noise === this.#last && this.#prepared !== undefined) return this.#prepared;
    const both = this.#kept.get(noise) ?? this.#prepare(noise);
    this.#last = noise;
    this.#prepared = both;
    return both;
  }

  #prepare(noise: Matrix): NoiseRoot {
    const root = withoutEmptyColumns(semidefiniteFactor(noise, "the process noise"));
    const both = { root, transposed: root.transpose() };
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(noise, both);
    return both;
  }
}

function withoutEmptyColumns(matrix: Matrix): Matrix {
  const rows = Array.from({ length: matrix.rows }, (_, row) => row);
  const filled = Array.from({ length: matrix.columns }, (_, column) => column).filter((column) =>
    rows.some((row) => matrix.get(row, column) !== 0),
  );
  return submatrix(matrix, rows, filled);
}

import { Matrix } from "../linear-algebra/matrix.ts";
import { Ladder } from "./ladder.ts";

/** f(x); NaN when the model has no value there. */
export type ScalarFunction = (x: Float64Array) => number;

export interface Hessian {
  /** ∂²f/∂x², p × p, symmetric. */
  readonly matrix: Matrix;
  /** Estimated error of each entry; ∞ when only one step had values, NaN when none. */
  readonly errors: Matrix;
}

/** First step, a share of the reach. */
const FIRST_STEP = 0.05;

/**
 * Second derivatives by differences on ladders of halved steps, extrapolated (see `Ladder`):
 *
 *     ∂²f/∂x_i²     ≈ (f(x + h_i) − 2 f(x) + f(x − h_i)) / h_i²                      rounding √6 noise/h_i²
 *     ∂²f/∂x_i∂x_j  ≈ (f(++) − f(+−) − f(−+) + f(−−)) / (4 h_i h_j)                  rounding noise/(2 h_i h_j)
 *
 * @param reach distance in each argument over which f changes in kind, p, positive; of a log-posterior some 20 of its
 * standard deviations, so that the first step is one of them.
 * @param noise sd of f's own error: ε times the largest term that f sums.
 * Runs: about 12 for each entry of the lower triangle.
 */
export function hessianByDifferences(
  f: ScalarFunction,
  x: Float64Array,
  reach: Float64Array,
  noise: number,
): Hessian {
  const size = x.length;
  const centre = f(x);
  const ladder = new Ladder(1);
  const moved = x.slice();
  const at = (row: number, byRow: number, column: number, byColumn: number): number => {
    moved.set(x);
    moved[row] = (x[row] as number) + byRow;
    if (column !== row) moved[column] = (x[column] as number) + byColumn;
    return f(moved);
  };
  const matrix = new Matrix(size, size);
  const errors = new Matrix(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const error = ladder.climb({
        first: FIRST_STEP,
        base: 4,
        rounding: (step) => {
          const area = step * step * (reach[row] as number) * (reach[column] as number);
          return ((row === column ? Math.sqrt(6) : 0.5) * noise) / area;
        },
        quotient: (step, out) => {
          const h = step * (reach[row] as number);
          const k = step * (reach[column] as number);
          const sum =
            row === column
              ? at(row, h, row, 0) - 2 * centre + at(row, -h, row, 0)
              : (at(row, h, column, k) -
                  at(row, h, column, -k) -
                  at(row, -h, column, k) +
                  at(row, -h, column, -k)) /
                4;
          out[0] = sum / (h * k);
          return Number.isFinite(out[0]);
        },
      });
      const value = Number.isNaN(error) ? Number.NaN : (ladder.best[0] as number);
      matrix.set(row, column, value);
      matrix.set(column, row, value);
      errors.set(row, column, error);
      errors.set(column, row, error);
    }
  }
  return { matrix, errors };
}

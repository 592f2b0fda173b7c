import { Matrix } from "../../linear-algebra/matrix.ts";
import type { RunCounts } from "../problem/evaluator.ts";
import { ModelResiduals } from "./model-residuals.ts";
import type { LeastSquaresProblem } from "./problem.ts";

/** How far a given Jacobian is from differences of the model. */
export interface Disagreement {
  /** Worst ‖given − differences‖/‖differences‖ of each column beyond what the differences may be wrong by, p. */
  readonly columns: Float64Array;
  /** What the comparison cost. */
  readonly evaluations: readonly RunCounts[];
}

/** Relative disagreement of a column from which on it is reported: no slope of use is that coarse. */
export const DISAGREES = 1e-3;
/** Estimated errors of differences may themselves be wrong by this factor. */
const CAUTION = 10;

/**
 * Compares a problem's own Jacobian with differences of its model at some points: two runs a parameter, and the best
 * slopes that the model gives where these disagree. A point around which the model fails is not compared.
 *
 * @param points coordinates z of the fit.
 */
export function jacobianDisagreement(
  problem: LeastSquaresProblem,
  points: readonly Float64Array[],
): Disagreement {
  const { jacobian: _, ...bare } = problem;
  const given = new ModelResiduals(problem, { tolerated: 1 });
  const differences = new ModelResiduals(bare, { tolerated: 1 });
  const columns = new Float64Array(given.coordinates);
  const own = new Matrix(given.size, given.coordinates);
  const taken = new Matrix(given.size, given.coordinates);
  for (const z of points) {
    if (!given.jacobian(z, "exact", own)) continue;
    for (const slopes of ["quick", "exact"] as const) {
      if (!differences.jacobian(z, slopes, taken)) break;
      const found = excess(own, taken, differences.slopeErrors());
      if (found.every((share) => share < DISAGREES)) break;
      if (slopes === "exact")
        found.forEach((share, column) => {
          columns[column] = Math.max(share, columns[column] as number);
        });
    }
  }
  return { columns, evaluations: [given.counts(), differences.counts()] };
}

function excess(own: Matrix, taken: Matrix, errors: Float64Array): Float64Array {
  return errors.map((error, column) => {
    let apart = 0;
    let size = 0;
    for (let row = 0; row < own.rows; row++) {
      apart += (own.get(row, column) - taken.get(row, column)) ** 2;
      size += Math.max(own.get(row, column) ** 2, taken.get(row, column) ** 2);
    }
    return size === 0 ? 0 : Math.max(0, Math.sqrt(apart / size) - CAUTION * error);
  });
}

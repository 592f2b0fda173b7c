import { Matrix } from "../../linear-algebra/matrix.ts";
import { columnNorms, LocalModel } from "./local-model.ts";
import { type RobustLoss, weightOf } from "./robust-loss.ts";

/** Whether a point is an optimum. */
export interface Optimality {
  readonly converged: boolean;
  /** The part of the residual that the tangent plane could still take, against the rest, per degree of freedom. */
  readonly relativeOffset: number;
}

/** An offset below this moves no estimate by a thousandth of its standard error. */
const OFFSET = 1e-3;

/**
 * The relative offset criterion: with r split into its part in the range of J and the rest,
 *
 *     offset = √(‖r_J‖²/rank) / √(‖r_⊥‖²/(n − rank)) ≤ 1e-3
 *
 * or what is left of r_J is hidden by the model's own noise. It says how far the point is from the optimum in the units of
 * the confidence region, whatever the path that led there.
 *
 * @param jacobian n × p on the natural scale.
 * @param free columns that may still move: not those of parameters at a bound.
 * @param slopeError relative error of J: see `LocalModel`.
 * @param hidden change of the sum of squares that the model's noise can make.
 * @see Bates & Watts (1981), Technometrics 23(2), "A relative offset orthogonality convergence criterion".
 */
export function optimalityOf(
  jacobian: Matrix,
  residuals: Float64Array,
  free: readonly number[],
  hidden: number,
  slopeError: number,
  loss: RobustLoss | undefined,
): Optimality {
  const columns = new Matrix(jacobian.rows, free.length);
  const pull = residuals.map((residual, row) => {
    const root = Math.sqrt(weightOf(residual, loss));
    free.forEach((column, index) => {
      columns.set(row, index, root * jacobian.get(row, column));
    });
    return root * residual;
  });
  if (!columns.data.every(Number.isFinite)) return { converged: false, relativeOffset: Number.NaN };
  const { reachable, rank } = new LocalModel(columns, pull, columnNorms(columns), slopeError);
  const whole = pull.reduce((sum, value) => sum + value * value, 0);
  if (rank === 0) return { converged: free.length === 0, relativeOffset: 0 };
  const rest = Math.max(0, whole - reachable) / (jacobian.rows - rank);
  const relativeOffset = reachable === 0 ? 0 : Math.sqrt(reachable / rank / rest);
  return { converged: relativeOffset <= OFFSET || reachable <= hidden, relativeOffset };
}

import { allFinite } from "../../linear-algebra/finite.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { columnNorms, LocalModel } from "./local-model.ts";

/** First-order uncertainty at an optimum. */
export interface Covariance {
  readonly rank: number;
  readonly dof: number;
  readonly residualSd: number;
  readonly covariance: Matrix;
  readonly correlation: Matrix;
  readonly standardErrors: Float64Array;
}

/** A share of a unit direction below which a parameter has no part in it. */
const NO_PART = 1e-6;

/**
 * σ² (JᵀJ)⁻¹ = σ² D⁻¹ V S⁻² Vᵀ D⁻¹ from J D⁻¹ = Q U S Vᵀ, D the column norms: JᵀJ is never formed.
 *
 * With rank r < p, a parameter with a part in an unseen direction has no estimate: its variance is ∞. The others keep
 * theirs, which then comes from the seen directions alone (Searle 1971: they are estimable functions).
 *
 * @param slopeError relative error of J: see `LocalModel`.
 * @param known whether the noise is known (σ = 1) or σ² = RSS/(n − r).
 */
export function covarianceOf(
  jacobian: Matrix,
  residuals: Float64Array,
  known: boolean,
  slopeError = 0,
): Covariance {
  const usable = withoutBrokenColumns(jacobian);
  const scale = columnNorms(usable);
  const local = new LocalModel(usable, residuals, scale, slopeError);
  const { rank, singular, directions } = local;
  const size = jacobian.columns;
  const sum = residuals.reduce((total, residual) => total + residual * residual, 0);
  const dof = residuals.length - rank;
  const residualSd = dof > 0 ? Math.sqrt(sum / dof) : Number.NaN;
  const variance = known ? 1 : residualSd ** 2;
  const determined = determinedBy(local, size);
  const covariance = new Matrix(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let entry = 0;
      for (let k = 0; k < rank; k++)
        entry += (directions.get(row, k) * directions.get(column, k)) / (singular[k] as number) ** 2;
      entry *= variance / ((scale[row] as number) * (scale[column] as number));
      if (!determined[row] || !determined[column])
        entry = row === column ? Number.POSITIVE_INFINITY : Number.NaN;
      covariance.set(row, column, entry);
    }
  }
  return {
    rank,
    dof,
    residualSd,
    covariance,
    correlation: correlationOf(covariance),
    standardErrors: covariance.diagonal().map(Math.sqrt),
  };
}

/** Columns that are not finite count as not seen. */
function withoutBrokenColumns(jacobian: Matrix): Matrix {
  if (allFinite(jacobian)) return jacobian;
  const usable = jacobian.copy();
  for (let column = 0; column < jacobian.columns; column++) {
    let sum = 0;
    for (let row = 0; row < jacobian.rows; row++) sum += jacobian.get(row, column);
    if (!Number.isFinite(sum)) for (let row = 0; row < jacobian.rows; row++) usable.set(row, column, 0);
  }
  return usable;
}

/** ρ_ij; NaN where a parameter is not determined. */
export function correlationOf(covariance: Matrix): Matrix {
  const correlation = new Matrix(covariance.rows, covariance.columns);
  for (let row = 0; row < covariance.rows; row++)
    for (let column = 0; column < covariance.columns; column++)
      correlation.set(
        row,
        column,
        row === column
          ? 1
          : covariance.get(row, column) /
              Math.sqrt(covariance.get(row, row)) /
              Math.sqrt(covariance.get(column, column)),
      );
  return correlation;
}

/** A parameter is determined when the seen directions hold all of its axis: Σ_k v_jk² = 1 over k < rank. */
function determinedBy({ rank, directions }: LocalModel, size: number): boolean[] {
  return Array.from({ length: size }, (_, index) => {
    if (rank === size) return true;
    let held = 0;
    for (let k = 0; k < rank; k++) held += directions.get(index, k) ** 2;
    return 1 - held < NO_PART;
  });
}

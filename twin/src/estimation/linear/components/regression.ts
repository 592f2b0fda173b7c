import { TwinError } from "../../../errors.ts";
import { Matrix, shapeError } from "../../../linear-algebra/matrix.ts";
import { checkedVariance, vectorOf } from "../arrays.ts";
import { startOf } from "../linear-model.ts";
import { keptByElapsed } from "../travel.ts";
import type { Component, ComponentStart } from "./component.ts";

export interface Regression {
  /** One row of k regressors per reading: known inputs, interventions, calendar effects. */
  readonly regressors: readonly ArrayLike<number>[];
  /** Per unit of time, one for each coefficient; zeros (fixed coefficients) when absent. */
  readonly variances?: readonly number[];
  readonly start?: ComponentStart;
}

/**
 * Effects of known regressors: signal_t = x_tᵀ β, with β fixed or wandering. The states are β.
 *
 * Coefficients start diffuse unless told otherwise: the likelihood is then that of generalised least squares. Scale the
 * regressors to comparable sizes.
 * @throws {TwinError} BAD_SHAPE, NOT_FINITE, BAD_VALUE; TOO_FEW_ROWS when there are more readings than rows.
 * @see Durbin & Koopman (2012), §6.2.
 */
export function regression({ regressors, variances, start }: Regression): Component {
  const states = regressors[0]?.length ?? 0;
  const rows = regressors.map((row, index) => {
    if (row.length !== states || states === 0)
      throw shapeError(`row ${index} of the regressors has ${row.length} entries`, `${Math.max(states, 1)}`);
    return new Matrix(1, states, vectorOf(row, `row ${index} of the regressors`));
  });
  if (rows.length === 0) throw shapeError("no rows of regressors", "one row per reading");
  const spreads = variances ?? new Array<number>(states).fill(0);
  if (spreads.length !== states) throw shapeError(`${spreads.length} variances`, `${states} coefficients`);
  for (const variance of spreads) checkedVariance(variance, "the variance of a coefficient");
  const matrix = Matrix.identity(states);
  const { mean, covariance, diffuse } = startOf(start ?? { diffuse: "all" }, states);
  return {
    states,
    outputs: 1,
    start: diffuse === undefined ? { mean, covariance } : { mean, covariance, diffuse },
    transition: keptByElapsed((elapsed) => ({
      matrix,
      noise: Matrix.diagonal(spreads.map((variance) => variance * elapsed)),
    })),
    loading: (step) => {
      const row = rows[step];
      if (row === undefined)
        throw new TwinError(
          "TOO_FEW_ROWS",
          `reading ${step} has no row of regressors, of which there are ${rows.length}`,
          "give one row per reading; to forecast, also the rows of the future",
        );
      return row;
    },
  };
}

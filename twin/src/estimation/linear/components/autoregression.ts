import { TwinError } from "../../../errors.ts";
import { requireFinite } from "../../../linear-algebra/finite.ts";
import { Matrix } from "../../../linear-algebra/matrix.ts";
import { checkedVariance } from "../arrays.ts";
import { stationaryCovariance } from "../stationary.ts";
import { inWholeSteps } from "../travel.ts";
import type { Component, ComponentStart } from "./component.ts";
import { singleSignal } from "./single-signal.ts";

export interface Autoregression {
  /** φ₁ … φ_p. */
  readonly coefficients: readonly number[];
  /** θ₁ … θ_q of a moving average; none when absent. */
  readonly movingAverage?: readonly number[];
  /** Variance of the innovations e. */
  readonly variance: number;
  /** The stationary distribution when absent. */
  readonly start?: ComponentStart;
}

/**
 * x_t = φ₁x_{t−1} + … + φ_p x_{t−p} + e_t + θ₁e_{t−1} + … + θ_q e_{t−q}, from one whole unit of time to the next.
 *
 * Companion form with r = max(p, q + 1) states; the signal is the first. Mean zero: add `localLevel` with variance 0. Missing
 * readings need no care. For uneven times use `ornsteinUhlenbeck` or `stochasticLinear`.
 *
 * @throws {TwinError} NOT_STATIONARY when a root is on or outside the unit circle and no start is given; BAD_VALUE; UNEVEN_STEP
 *   when it is used at other times.
 * @see Harvey (1989), §3.3; Durbin & Koopman (2012), §3.4.
 */
export function autoregression(options: Autoregression): Component {
  const { coefficients, movingAverage = [], start } = options;
  requireFinite(coefficients, "the autoregression");
  requireFinite(movingAverage, "the moving average");
  const variance = checkedVariance(options.variance, "the innovation variance");
  const states = Math.max(coefficients.length, movingAverage.length + 1);
  const matrix = new Matrix(states, states);
  for (let row = 0; row < states; row++) {
    matrix.set(row, 0, coefficients[row] ?? 0);
    if (row + 1 < states) matrix.set(row, row + 1, 1);
  }
  const push = Float64Array.from({ length: states }, (_, lag) =>
    lag === 0 ? 1 : (movingAverage[lag - 1] ?? 0),
  );
  const noise = new Matrix(states, states);
  for (let row = 0; row < states; row++)
    for (let column = 0; column < states; column++)
      noise.set(row, column, variance * (push[row] as number) * (push[column] as number));
  if (start === undefined) requireStationary(coefficients);
  return singleSignal(
    Array.from(push, (_, state) => (state === 0 ? 1 : 0)),
    start ?? { covariance: stationaryCovariance(matrix, noise) },
    inWholeSteps({ matrix, noise }),
  );
}

/** All partial correlations must lie inside (−1, 1): the Levinson recursion, backwards. */
function requireStationary(coefficients: readonly number[]): void {
  let current = [...coefficients];
  while (current.length > 0) {
    const last = current.length - 1;
    const partial = current[last] as number;
    if (!(Math.abs(partial) < 1))
      throw new TwinError(
        "NOT_STATIONARY",
        `the autoregression (${coefficients.join(", ")}) has a root on or outside the unit circle`,
        "shrink the coefficients, or give a start (diffuse, for instance), which need not be stationary",
      );
    const before = current;
    current = before
      .slice(0, last)
      .map(
        (value, index) => (value + partial * (before[last - 1 - index] as number)) / (1 - partial * partial),
      );
  }
}

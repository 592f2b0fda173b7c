import { LOG_TWO_PI } from "../../probability/normal.ts";
import { circularMean, nearestImage, type Periods } from "../nonlinear/circles.ts";
import type { Assimilation } from "../nonlinear/filter.ts";
import type { InnovationFactor } from "./innovation-factor.ts";
import { addScaled, inner } from "./rows.ts";

/** One reading as the ensemble sees it, in units of the sensors' noise: R = L Lᵀ over the p components that are present. */
export interface ObservedEnsemble {
  /** S: rows L⁻¹(h(x_i) − ȳ)/√(N − 1), N rows of p, so that SᵀS is the prior covariance of the whitened reading. */
  readonly anomalies: readonly Float64Array[];
  /** S by columns, p rows of N. */
  readonly columns: readonly Float64Array[];
  /** L⁻¹(y − ȳ), p. */
  readonly innovation: Float64Array;
  /** Which outputs these are, ascending. */
  readonly present: readonly number[];
  readonly factor: InnovationFactor;
  /** ln det R over the present outputs. */
  readonly logDeterminantOfNoise: number;
}

/** Takes the members' angles to the images nearest to their circular mean, so that they have an ordinary one. */
export function gatherAngles(rows: readonly Float64Array[], periods: Periods): void {
  for (const [output, period] of periods.entries()) {
    if (period === undefined) continue;
    const middle = circularMean(
      Float64Array.from(rows, (row) => row[output] as number),
      period,
    );
    for (const row of rows) row[output] = nearestImage(row[output] as number, middle, period);
  }
}

/**
 * The Gaussian summary of a reading before it is used: N(ȳ, cov_N(h(x)) + R) at y.
 *
 *     −2 ln p = dᵀ(I + SᵀS)⁻¹ d + ln det(I + SᵀS) + ln det R + p ln 2π
 *
 * The quadratic form is taken as |d − Sᵀw|² + |w|², w = S(I + SᵀS)⁻¹ d: a sum of squares cannot cancel.
 * @param raw y − ȳ, m, as the caller is told it.
 */
export function summarise(observed: ObservedEnsemble, raw: Float64Array): Assimilation {
  const { anomalies, innovation, factor } = observed;
  const size = innovation.length;
  const weights = new Float64Array(anomalies.length);
  factor.weights(innovation, weights);
  const residual = innovation.slice();
  for (let member = 0; member < anomalies.length; member++)
    addScaled(residual, -(weights[member] as number), anomalies[member] as Float64Array, size);
  const nis = inner(residual, residual, size) + inner(weights, weights, weights.length);
  const logDeterminant = factor.logDeterminant() + observed.logDeterminantOfNoise;
  return { logLikelihood: -0.5 * (nis + logDeterminant + size * LOG_TWO_PI), nis, size, innovation: raw };
}

import { entry, type Matrix, shapeError } from "../linear-algebra/matrix.ts";
import { logSumExp } from "../probability/log-sum-exp.ts";
import { badForecast } from "./forecast-checks.ts";
import { type EcdfTest, ecdfTest } from "./uniformity.ts";

export interface PredictiveCheck {
  readonly observed: number;
  /** Share of replicates above the observed value, ties halved. */
  readonly above: number;
  /** 2 min(above, 1 − above). */
  readonly p: number;
}

/**
 * Posterior predictive check: is a statistic of the data one that the fitted model would produce? Data are used twice, so p crowds
 * around ½ and a small p is stronger evidence than its value; choose statistics that were not fitted.
 *
 * @param replicates S data sets drawn from the posterior predictive, rows; the statistic may be any function of one.
 * @see Gelman, Meng & Stern (1996), Statistica Sinica 6; Gelman et al. (2013), Bayesian Data Analysis, §6.3.
 */
export function predictiveCheck(
  replicates: Matrix,
  observations: ArrayLike<number>,
  statistic: (data: Float64Array) => number,
): PredictiveCheck {
  if (replicates.columns !== observations.length || replicates.rows === 0)
    throw shapeError(
      `replicates ${replicates.rows} × ${replicates.columns} of ${observations.length} observations`,
      "S × n and n",
    );
  const observed = finite(statistic(Float64Array.from(observations)), "the data");
  let above = 0;
  for (let row = 0; row < replicates.rows; row++) {
    const data = Float64Array.from({ length: replicates.columns }, (_, column) =>
      replicates.get(row, column),
    );
    const replicate = finite(statistic(data), `replicate ${row}`);
    above += replicate > observed ? 1 : replicate === observed ? 0.5 : 0;
  }
  above /= replicates.rows;
  return { observed, above, p: 2 * Math.min(above, 1 - above) };
}

function finite(value: number, of: string): number {
  if (Number.isFinite(value)) return value;
  throw badForecast(
    `a statistic of ${of} that is ${value}`,
    "a statistic that is finite on the data and every replicate",
  );
}

/**
 * Uniformity of probability integral transforms F_i(y_i), independent between observations.
 * @param cells bins of (0, 1): as many as values tell apart. Default: 20.
 * @see Dawid (1984), J. R. Stat. Soc. A 147; Säilynoja, Bürkner & Vehtari (2022).
 */
export function pitUniformity(values: ArrayLike<number>, cells = 20): EcdfTest {
  const counts = new Uint32Array(cells);
  for (let index = 0; index < values.length; index++) {
    const value = entry(values, index);
    if (!(value >= 0 && value <= 1)) throw badForecast(`a PIT of ${value}`, "values in [0, 1]");
    const cell = Math.min(cells - 1, Math.floor(value * cells));
    counts[cell] = entry(counts, cell) + 1;
  }
  return ecdfTest(counts);
}

export interface HeldOutDensity {
  /** Σ_i ln((1/S) Σ_s p(y_i | θ_s)), nats; larger is better. */
  readonly total: number;
  readonly pointwise: Float64Array;
}

/**
 * Log predictive density of observations that the fit has not seen, point by point.
 * @param logLikelihoods S draws × n held-out observations, full constants; −∞ where a draw excludes the observation.
 * @see Gelman, Hwang & Vehtari (2014), Statistics and Computing 24, eq. 5.
 */
export function heldOutLogDensity(logLikelihoods: Matrix): HeldOutDensity {
  const { rows: draws, columns } = logLikelihoods;
  if (draws === 0 || columns === 0)
    throw badForecast(`${draws} draws of ${columns} observations`, "one of each at least");
  const pointwise = Float64Array.from({ length: columns }, (_, index) => {
    const column = Float64Array.from({ length: draws }, (__, draw) => logLikelihoods.get(draw, index));
    const bad = column.findIndex((value) => Number.isNaN(value) || value === Number.POSITIVE_INFINITY);
    if (bad >= 0) throw badForecast(`ln p(y_${index} | θ_${bad}) = ${column[bad]}`, "log densities below +∞");
    return logSumExp(column) - Math.log(draws);
  });
  return { total: pointwise.reduce((sum, value) => sum + value, 0), pointwise };
}

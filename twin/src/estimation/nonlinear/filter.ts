import type { Matrix } from "../../linear-algebra/matrix.ts";

/** What one reading said to a filter. */
export interface Assimilation {
  /** ln p(y | all before), full constants, over the components that are present; 0 when none is. */
  readonly logLikelihood: number;
  /** Normalised innovation squared over `size` components, from the filter's Gaussian summary of E[y] and Cov[y] + R. */
  readonly nis: number;
  readonly size: number;
  /** y − E[y], m; NaN where the reading is missing. */
  readonly innovation: Float64Array;
}

/**
 * The one port of all filters: time passes, a reading comes, there is a belief.
 *
 * Whatever the method, the contract is the same: readings in order of time; NaN = missing; a reading without any component
 * changes nothing; `mean` and `covariance` are the posterior after `update`, the prior after `predict`; the same
 * calls with the same dice give the same bits.
 */
export interface Filter {
  /** Time of the belief. */
  readonly at: number;
  /** E[x], n. */
  mean(): Float64Array;
  /** Cov[x], n × n, symmetric, positive semi-definite. */
  covariance(): Matrix;
  /** @throws {TwinError} OUT_OF_ORDER when `to` lies before `at`. */
  predict(to: number): void;
  /** @throws {TwinError} BAD_READING for an infinite component; BAD_SHAPE for a wrong length. */
  update(reading: ArrayLike<number>): Assimilation;
}

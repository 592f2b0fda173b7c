import type { Quality } from "@plumbline/twin/contract/reading";
import type { MeasuredAlias } from "@plumbline/twin/definition/properties";

/** One stored value of a measured property; `value` NaN where SiteWise holds "no value". */
export interface Measurement {
  readonly alias: MeasuredAlias;
  readonly at: number;
  readonly value: number;
  readonly quality: Quality;
}

/** The only door from SiteWise into an estimator: it opens for measured properties alone. */
export interface MeasurementStore {
  /** Every value with `after` < event time ≤ `until`, ms since the Unix epoch, of every quality. */
  measurements(aliases: readonly MeasuredAlias[], after: number, until: number): AsyncIterable<Measurement>;
}

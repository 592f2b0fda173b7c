import { rhat } from "../../diagnostics/rhat.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import { columnOf } from "./summaries.ts";

/** Between independent populations, of one unknown. */
export interface Agreement {
  readonly rhat: number;
  /** Standard error of the mean over all populations, with as many degrees of freedom as populations but one. */
  readonly mcse: number;
  /** Independent draws that a mean with this error takes. */
  readonly essBulk: number;
}

/** When populations agree. */
export interface Bar {
  /** Default 1.01. */
  readonly rhat?: number;
  /** Default 400. */
  readonly ess?: number;
}

/** One for each unknown, of draws of θ a row. */
export const agreementOf = (draws: readonly Matrix[], unknowns: number): Agreement[] =>
  Array.from({ length: unknowns }, (_, column) => agreementIn(draws, column));

function agreementIn(draws: readonly Matrix[], column: number): Agreement {
  const populations = draws.map((part) => columnOf([part], column));
  const means = populations.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  const between = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (means.length - 1);
  const all = populations.flatMap((values) => Array.from(values, (value) => (value - mean) ** 2));
  const variance = all.reduce((sum, value) => sum + value, 0) / all.length;
  return {
    rhat: rhat(populations),
    mcse: Math.sqrt(between / means.length),
    essBulk: Math.min(all.length, (means.length * variance) / between),
  };
}

/** What is short of the bar, in words; undefined where nothing is. NaN, where nothing is known, is short. */
export function disagreement(
  agreements: readonly Agreement[],
  { rhat: highest = 1.01, ess = 400 }: Bar,
): string | undefined {
  const worst = Math.max(...agreements.map(({ rhat: value }) => value));
  const fewest = Math.min(...agreements.map(({ essBulk }) => essBulk));
  if (worst < highest && fewest >= ess) return undefined;
  return `the populations disagree: R-hat ${worst.toFixed(3)}, ESS ${fewest.toFixed(0)}; asked: R-hat < ${highest}, ESS ≥ ${ess}; more points are needed`;
}

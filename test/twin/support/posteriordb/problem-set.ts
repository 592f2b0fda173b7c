import type { DensityProblem } from "@plumbline/twin/calibration/problem/problem";
import type { Distribution } from "@plumbline/twin/probability/distribution";

/** One entry of problems.json. */
export interface PosteriorEntry<Data> {
  readonly params: readonly string[];
  readonly data: Data;
  readonly ref_mean: readonly number[];
  readonly ref_sd: readonly number[];
  readonly ref_mcse: readonly number[];
  readonly log_joint_at_ref_mean: number;
}

export interface ProblemSet {
  readonly problems: Readonly<Record<string, PosteriorEntry<never>>>;
}

/** A density in `unknowns` order, which is the order of the reference's parameters. */
export type ModelOf<Data> = (data: Data) => DensityProblem;

const LOG_SQRT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

export const logNormalDensity = (x: number, mean: number, sd: number): number =>
  -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd) - LOG_SQRT_TWO_PI;

/** The log-density of a log-normal variable x whose logarithm has this mean and sd. */
export const logLogNormalDensity = (x: number, mean: number, sd: number): number =>
  logNormalDensity(Math.log(x), mean, sd) - Math.log(x);

/** A Cauchy's density; of a half-Cauchy "not doubled", as Stan writes it. */
export const logCauchyDensity = (x: number, location: number, scale: number): number =>
  -Math.log(Math.PI * scale) - Math.log1p(((x - location) / scale) ** 2);

/** A density cut off at 0 and, as Stan writes it, not scaled up for what was cut off. */
export const positivePart = (whole: Distribution): Distribution => ({
  support: [0, Number.POSITIVE_INFINITY],
  logDensity: (x) => (x < 0 ? Number.NEGATIVE_INFINITY : whole.logDensity(x)),
  sample(dice) {
    for (;;) {
      const value = whole.sample(dice);
      if (value > 0) return value;
    }
  },
});

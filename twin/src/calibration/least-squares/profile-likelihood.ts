import { TwinError } from "../../errors.ts";
import type { RunCounts } from "../problem/evaluator.ts";
import type { LeastSquaresFit } from "./fit-report.ts";
import { ProfilePath, type ProfilePoint } from "./profile-path.ts";
import { type ProfileOptions, profileStatistic } from "./profile-statistic.ts";

export interface Profile {
  readonly id: string;
  readonly estimate: number;
  /** Where the rise reaches the threshold; the parameter's bound (or ±∞) on a side that never does, NaN where that is unknown. */
  readonly interval: readonly [low: number, high: number];
  readonly level: number;
  /** Which statistic, against which quantile. */
  readonly version: string;
  readonly threshold: number;
  readonly verdict:
    | "identifiable"
    | "practically not identifiable"
    | "structurally not identifiable"
    | "end unknown";
  /** Why: which side is open or unknown, and what stopped the path there. */
  readonly reason: string;
  /** In order of the value. */
  readonly points: readonly ProfilePoint[];
  /** Parameters with a smaller sum of squares than the fit's: it was not the optimum; fit again from here. */
  readonly better?: Float64Array;
  readonly evaluations: RunCounts;
}

/** A rise below this share of the threshold everywhere is a flat line. */
const FLAT = 1e-4;

/**
 * The profile S(θ_j) = min over all other parameters, followed from the optimum outwards with each fit started from the
 * last ones, until its rise meets the threshold; that point by root finding, not by interpolation of a coarse profile.
 *
 *     "t":           (S(θ_j) − S_min)/s² = t²_{(1+level)/2, n−p}
 *     "likelihood":  2 (ℓ_max − ℓ(θ_j)) = χ²_level(1);  that is S − S_min for known noise, n ln(S/S_min) otherwise
 *
 * Closed on both sides: identifiable. Open on one: the data bound it on one side only, practically not identifiable. A
 * flat line: structurally not. Where the model fails, or no fit of the others continues the profile, before the threshold
 * is reached, that end is unknown, and the reason says from where on. Unlike a standard error this holds for a bent or lopsided likelihood and does not depend
 * on the parameter's scale.
 *
 * @throws {TwinError} UNKNOWN_PARAMETER, BAD_LEVEL, NO_FREEDOM
 * @see Bates & Watts (1988), §6; Raue et al. (2009), Bioinformatics 25(15).
 */
export function profileLikelihood(fit: LeastSquaresFit, id: string, options: ProfileOptions = {}): Profile {
  const index = fit.ids.indexOf(id);
  if (index < 0)
    throw new TwinError(
      "UNKNOWN_PARAMETER",
      `the fit has no parameter ${JSON.stringify(id)}`,
      `expected one of: ${fit.ids.join(", ")}`,
    );
  const statistic = profileStatistic(fit, options);
  const path = new ProfilePath(fit, index, statistic);
  const low = path.follow(-1);
  const high = path.follow(1);
  const ends = [low, high];
  const loose = ends.filter(({ kind }) => kind !== "closed");
  const points = [...path.points].sort((left, right) => left.value - right.value);
  const flat = points.every(({ rise }) => rise < FLAT * statistic.threshold);
  return {
    id,
    estimate: fit.parameters[index] as number,
    interval: [low.value, high.value],
    level: statistic.level,
    version: statistic.name,
    threshold: statistic.threshold,
    verdict: ends.some(({ kind }) => kind === "unknown")
      ? "end unknown"
      : loose.length === 0
        ? "identifiable"
        : flat
          ? "structurally not identifiable"
          : "practically not identifiable",
    reason: loose.length === 0 ? "closed on both sides" : loose.map(({ reason }) => reason).join("; "),
    points,
    ...(path.better ? { better: path.better } : {}),
    evaluations: path.counts(),
  };
}

/** Every parameter's profile. */
export const profiles = (fit: LeastSquaresFit, options: ProfileOptions = {}): Profile[] =>
  fit.ids.map((id) => profileLikelihood(fit, id, options));

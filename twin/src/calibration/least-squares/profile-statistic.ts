import { TwinError } from "../../errors.ts";
import { chiSquaredQuantile } from "../../probability/chi-squared.ts";
import { studentT } from "../../probability/student-t.ts";
import type { LeastSquaresFit } from "./fit-report.ts";

export interface ProfileOptions {
  /** Default 0.95. */
  readonly level?: number;
  /** Default "t" where the noise was estimated, "likelihood" where it is known. */
  readonly version?: "t" | "likelihood";
}

/** How much a sum of squares has risen, in the units of its reference distribution. */
export interface ProfileStatistic {
  readonly name: string;
  readonly level: number;
  readonly threshold: number;
  rise(sumOfSquares: number): number;
}

export function profileStatistic(
  { residualSumOfSquares: least, residualSd, dof, noiseScale, residuals, parameters, rank }: LeastSquaresFit,
  { level = 0.95, version = noiseScale === "known" ? "likelihood" : "t" }: ProfileOptions,
): ProfileStatistic {
  if (!(level > 0 && level < 1))
    throw new TwinError(
      "BAD_LEVEL",
      `the level is ${level}`,
      "expected a number between 0 and 1, such as 0.95",
    );
  const chi = chiSquaredQuantile(level, 1);
  if (version === "likelihood" && noiseScale === "known")
    return {
      name: "likelihood, noise known: S − S_min against χ²(1)",
      level,
      threshold: chi,
      rise: (sum) => Math.max(0, sum - least),
    };
  const freedom = residuals.length - parameters.length;
  if (freedom < 1 || !(residualSd > 0))
    throw new TwinError(
      "NO_FREEDOM",
      `${residuals.length} observations and ${parameters.length} parameters leave no residual to estimate the noise from`,
      "declare the noise, or take more observations than parameters",
    );
  if (version === "likelihood")
    return {
      name: "likelihood, noise profiled out: n ln(S/S_min) against χ²(1)",
      level,
      threshold: chi,
      rise: (sum) => Math.max(0, residuals.length * Math.log1p((sum - least) / least)),
    };
  const variance = least / (rank < parameters.length ? freedom : dof);
  return {
    name: `profile-t: (S − S_min)/s² against t²(${freedom})`,
    level,
    threshold: studentT(freedom).quantile((1 + level) / 2) ** 2,
    rise: (sum) => Math.max(0, (sum - least) / variance),
  };
}

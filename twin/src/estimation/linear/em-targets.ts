import type { FilteredStep } from "./filtered.ts";
import type { SmoothedStep } from "./smoother.ts";

/** What expectation–maximisation may change. A noise keeps its off-diagonal entries at zero when "diagonal". */
export interface EmTargets {
  readonly processNoise?: "full" | "diagonal";
  readonly observationNoise?: "full" | "diagonal";
  readonly transition?: boolean;
  /** One constant vector; a drift given per reading stays as it is. */
  readonly drift?: boolean;
  readonly observation?: boolean;
  readonly offset?: boolean;
  /** Mean and covariance of the start, which must be proper. */
  readonly start?: boolean;
}

/** What the E step knows. */
export interface Expected {
  readonly steps: readonly FilteredStep[];
  readonly smoothed: readonly SmoothedStep[];
}

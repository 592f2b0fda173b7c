import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { RunCounts } from "./evaluator.ts";

/** One unknown after calibration, in its own unit. */
export interface UnknownSummary {
  readonly id: string;
  readonly unit?: string;
  readonly mean: number;
  readonly sd: number;
  readonly quantiles: readonly { readonly probability: number; readonly value: number }[];
  /** Monte-Carlo standard error of the mean; absent where nothing was drawn. */
  readonly mcse?: number;
  readonly rhat?: number;
  readonly essBulk?: number;
  readonly essTail?: number;
}

/** Something that a report must say without being asked. */
export interface CalibrationFinding {
  readonly kind:
    | "not converged"
    | "failed runs"
    | "undefined prior"
    | "unseen direction"
    | "not a Gaussian"
    | "no inner maximum"
    | "improper posterior"
    | "misfit"
    | "prior-data conflict"
    | "correlated residuals"
    | "collapsed ensemble";
  /** One sentence with the numbers. */
  readonly text: string;
}

export interface LogEvidence {
  /** ln p(y), nats. */
  readonly value: number;
  /** Monte-Carlo standard error, from the populations' disagreement; absent for an approximation without one. */
  readonly standardError?: number;
}

/** What every method of calibration hands back. */
export interface CalibrationResult {
  readonly method: "laplace" | "smc" | "ensemble-mcmc" | "es-mda" | "least-squares";
  /** In the order of the problem's unknowns. */
  readonly summaries: readonly UnknownSummary[];
  /** Draws of θ, one a row; chains, populations or one ensemble. */
  readonly draws?: readonly Matrix[];
  /** Where the method's answer is a Gaussian in unbounded coordinates (`Coordinates`). */
  readonly gaussian?: {
    readonly mode: Float64Array;
    /** The mode's θ. */
    readonly modeNatural: Float64Array;
    readonly covariance: Matrix;
  };
  /** Only where every prior is proper. */
  readonly logEvidence?: LogEvidence;
  readonly converged: boolean;
  /** Why not, where not. */
  readonly reason?: string;
  readonly runs: RunCounts;
  readonly findings: readonly CalibrationFinding[];
}

export const QUANTILES: readonly number[] = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975];

import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { RunCounts } from "../problem/evaluator.ts";
import type { LeastSquaresProblem } from "./problem.ts";

/** Something that a report must say without being asked. */
export interface Finding {
  readonly kind:
    | "not converged"
    | "no freedom"
    | "wrong Jacobian"
    | "unseen direction"
    | "at a bound"
    | "correlated residuals"
    | "misfit"
    | "coarse slopes"
    | "failed runs";
  /** One sentence with the numbers. */
  readonly text: string;
  readonly value: number;
  /** The value from which on this is reported. */
  readonly threshold: number;
}

/** A fitted model, as a statistician reports it. */
export interface LeastSquaresFit {
  readonly ids: readonly string[];
  /** θ̂, p. */
  readonly parameters: Float64Array;
  /** Σ (y − h(θ̂))²/s² at exactly these parameters. */
  readonly residualSumOfSquares: number;
  /** n − rank. */
  readonly dof: number;
  /** √(RSS/dof), the estimate of σ; NaN without degrees of freedom. */
  readonly residualSd: number;
  /** Whether σ = 1 was declared ("known") or is `residualSd`. */
  readonly noiseScale: "known" | "estimated";
  /** First-order, on the natural scale, p: √diag covariance; ∞ for a parameter that the data do not determine. */
  readonly standardErrors: Float64Array;
  /** σ² (JᵀJ)⁻¹, p × p. Rows of undetermined parameters are NaN off the diagonal. */
  readonly covariance: Matrix;
  readonly correlation: Matrix;
  /** Directions of θ that the data see at θ̂. */
  readonly rank: number;
  readonly converged: boolean;
  /** Why the search ended. */
  readonly reason: string;
  readonly iterations: number;
  /** How far the optimum may be, in the units of the confidence region (`optimalityOf`): up to 1e-3 is converged. */
  readonly relativeOffset: number;
  /** (y − h(θ̂))/s, n. */
  readonly residuals: Float64Array;
  /** h(θ̂), n. */
  readonly fitted: Float64Array;
  /** ∂h/∂θ · 1/s at θ̂ on the natural scale, n × p. */
  readonly jacobian: Matrix;
  readonly evaluations: RunCounts;
  /** What a reader must know besides the numbers; said without being asked. */
  readonly findings: readonly Finding[];
  readonly problem: LeastSquaresProblem;
}

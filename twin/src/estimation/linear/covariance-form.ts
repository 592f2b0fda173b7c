import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Transition } from "./model.ts";

export const FORM_NAMES = ["sequential", "ud", "square-root"] as const;

/**
 * How a filter carries its covariance P, n × n. All forms are the same algebra; they differ in the digits they keep.
 *
 * | form | carries | digits of an ill-conditioned update | cost |
 * |---|---|---|---|
 * | "sequential" | P, Joseph's update, one triangle mirrored | those of P₀/R ≤ 1e8 | two full products per step |
 * | "square-root" | S with P = S Sᵀ | half of what P loses | a QR per step |
 * | "ud" | U, D with P = U D Uᵀ | nearly all | a weighted Gram–Schmidt per step |
 *
 * @see Bierman (1977), Factorization Methods for Discrete Sequential Estimation, §§V–VI.
 */
export type FormName = (typeof FORM_NAMES)[number];

/** What keeps the most digits, and costs no more from a few states on. */
export const DEFAULT_FORM: FormName = "ud";

export interface CovarianceForm {
  /** `out` ← P z; returns zᵀ P z. */
  times(row: Float64Array, out: Float64Array): number;
  /** The optimal update for y = zᵀx + v, v ~ N(0, noise): `gain` ← P z / F; returns F = zᵀ P z + noise. */
  absorb(row: Float64Array, noise: number, gain: Float64Array): number;
  /** P ← (I − K zᵀ) P (I − K zᵀ)ᵀ + noise K Kᵀ for any gain K. */
  absorbWithGain(row: Float64Array, noise: number, gain: Float64Array): void;
  /** P ← F P Fᵀ + Q. */
  propagate(transition: Transition): void;
  /** A copy of P, exactly symmetric. */
  covariance(): Matrix;
  /** S with P = S Sᵀ, n × n. */
  root(): Matrix;
}

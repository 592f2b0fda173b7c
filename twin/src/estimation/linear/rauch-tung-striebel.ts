import { TwinError } from "../../errors.ts";
import { cholesky, solveCholesky } from "../../linear-algebra/cholesky.ts";
import { Matrix, multiply, plus, symmetrise, timesVector } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";
import type { Filtered, FilteredStep } from "./filtered.ts";

/**
 * The Rauch–Tung–Striebel smoother, in the form that cannot lose definiteness:
 *
 *     G = P_k Fᵀ P⁻¹_{k+1|k},   m_k|T = m_k + G (m_{k+1|T} − m_{k+1|k}),
 *     P_k|T = (I − G F) P_k (I − G F)ᵀ + G Q Gᵀ + G P_{k+1|T} Gᵀ
 *
 * Prefer `smooth`: this one needs every predicted covariance to be positive definite and nothing diffuse after the first
 * reading considered, and fails by name otherwise. It keeps more digits where a proper start covariance is huge.
 *
 * @throws {TwinError} NOT_POSITIVE_DEFINITE; DIFFUSE when directions are still unknown after the first reading.
 * @see Rauch, Tung & Striebel (1965), AIAA J. 3(8).
 */
export function rauchTungStriebel({ steps }: Filtered): Gaussian[] {
  const last = steps[steps.length - 1] as FilteredStep;
  if (steps[0]?.stillDiffuse !== undefined)
    throw new TwinError(
      "DIFFUSE",
      "the first reading leaves directions unknown, and this recursion starts from proper covariances",
      "use smooth, which goes through the diffuse phase",
    );
  const smoothed: Gaussian[] = [last.filtered];
  let later = last.filtered;
  for (let index = steps.length - 2; index >= 0; index--) {
    later = backOne((steps[index] as FilteredStep).filtered, steps[index + 1] as FilteredStep, later);
    smoothed.push(later);
  }
  return smoothed.reverse();
}

function backOne(before: Gaussian, { transition, predicted }: FilteredStep, later: Gaussian): Gaussian {
  if (transition === undefined) return later;
  const { matrix, noise } = transition;
  const across = multiply(matrix, before.covariance);
  const gain = solveCholesky(cholesky(predicted.covariance), across).transpose();
  const shift = timesVector(
    gain,
    later.mean.map((value, index) => value - (predicted.mean[index] as number)),
  );
  const kept = plus(Matrix.identity(matrix.rows), multiply(gain, matrix), -1);
  const around = (outer: Matrix, inner: Matrix): Matrix =>
    multiply(multiply(outer, inner), outer.transpose());
  return {
    mean: before.mean.map((value, index) => value + (shift[index] as number)),
    covariance: symmetrise(
      plus(plus(around(kept, before.covariance), around(gain, noise)), around(gain, later.covariance)),
    ),
  };
}

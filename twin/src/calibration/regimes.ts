import { type Gaussian, restrict } from "../estimation/gaussian.ts";
import type { Prediction, Updated } from "../estimation/gaussian-filter.ts";
import {
  momentsOf,
  type SigmaPoints,
  type SigmaRule,
  sigmaPoints,
} from "../estimation/unscented-transform.ts";
import { cholesky, solveCholesky } from "../linear-algebra/cholesky.ts";
import { dot, entry, Matrix, timesVector } from "../linear-algebra/matrix.ts";
import { solveLower } from "../linear-algebra/triangular.ts";
import { standardNormalLogCdf } from "../probability/normal.ts";

/** A half-space aᵀx + c > 0 in which one regime of the model holds. */
export interface HalfSpace {
  readonly direction: Float64Array;
  readonly offset: number;
}

/** Restricts a posterior to the regimes it assumed, and charges it the probability of lying there. */
export function confine(updated: Updated, spaces: readonly HalfSpace[]): Updated {
  let { gaussian, logWeight } = updated;
  for (const { direction, offset } of spaces) {
    const along = timesVector(gaussian.covariance, direction);
    const sd = Math.sqrt(dot(direction, along));
    const centre = dot(direction, gaussian.mean) + offset;
    logWeight += standardNormalLogCdf(centre / sd);
    gaussian = restrict(gaussian, direction, offset);
  }
  return { ...updated, gaussian, logWeight };
}

/** Sigma points of the leading `size` coordinates of a Gaussian. */
export function leadingSigmaPoints(
  { mean, covariance }: Gaussian,
  size: number,
  rule: SigmaRule,
): SigmaPoints {
  const block = new Matrix(size, size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) block.set(row, column, covariance.get(row, column));
  return sigmaPoints(mean.slice(0, size), block, rule);
}

/** A margin d(x) at each sigma point as a linear function aᵀx + c of the leading coordinates (statistical linearisation). */
export function lineariseMargin(sigma: SigmaPoints, prior: Gaussian, margins: Float64Array): HalfSpace {
  const size = sigma.points.columns;
  const centre = prior.mean.slice(0, size);
  const { mean, cross } = momentsOf(sigma, centre, new Matrix(margins.length, 1, margins));
  const block = new Matrix(size, size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) block.set(row, column, prior.covariance.get(row, column));
  const factor = cholesky(block);
  const half = solveLower(factor, cross);
  const gradient = new Float64Array(prior.mean.length);
  for (let row = size - 1; row >= 0; row--) {
    let sum = half.get(row, 0);
    for (let inner = row + 1; inner < size; inner++) sum -= factor.get(inner, row) * entry(gradient, inner);
    gradient[row] = sum / factor.get(row, row);
  }
  return { direction: gradient, offset: entry(mean, 0) - dot(gradient.subarray(0, size), centre) };
}

/**
 * The prediction of y = h(z) + β for the joint Gaussian x = (z, β), from the moments of h over sigma points of z.
 *
 *     H = Cov[h, z] P_zz⁻¹,   Cov[x, h] = P_xz Hᵀ  (exact for z),   Cov[x, y] = Cov[x, h] + P_xβ,
 *     Cov[y] = Cov[h] + H P_zβ + (H P_zβ)ᵀ + P_ββ
 *
 * @param seen the signal whose bias each reading carries; undefined: none.
 */
export function addBias(
  { mean, covariance }: Gaussian,
  size: number,
  moments: { mean: Float64Array; covariance: Matrix; cross: Matrix },
  seen: readonly (number | undefined)[],
): Prediction {
  const share = (row: number, signal: number | undefined): number =>
    signal === undefined ? 0 : covariance.get(row, size + signal);
  const total = mean.length;
  const block = new Matrix(size, size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) block.set(row, column, covariance.get(row, column));
  const gain = solveCholesky(cholesky(block), moments.cross);
  const cross = new Matrix(total, seen.length);
  for (let row = 0; row < total; row++) {
    for (const [column, signal] of seen.entries()) {
      let sum = share(row, signal);
      if (row < size) sum += moments.cross.get(row, column);
      else
        for (let inner = 0; inner < size; inner++)
          sum += covariance.get(row, inner) * gain.get(inner, column);
      cross.set(row, column, sum);
    }
  }
  const combined = moments.covariance.copy();
  for (const [row, left] of seen.entries()) {
    for (const [column, right] of seen.entries()) {
      let sum = left === undefined ? 0 : share(size + left, right);
      for (let inner = 0; inner < size; inner++)
        sum += gain.get(inner, row) * share(inner, right) + gain.get(inner, column) * share(inner, left);
      combined.add(row, column, sum);
    }
  }
  return {
    mean: moments.mean.map((value, index) => {
      const signal = seen[index];
      return signal === undefined ? value : value + entry(mean, size + signal);
    }),
    covariance: combined,
    cross,
  };
}

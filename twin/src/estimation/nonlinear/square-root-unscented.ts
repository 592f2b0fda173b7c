import type { Start } from "./checked-system.ts";
import { SquareRootFilter } from "./square-root-filter.ts";
import type { StochasticSystem } from "./system.ts";
import { scaledPoints, type UnscentedOptions } from "./unscented-kalman.ts";

/**
 * The square-root unscented Kalman filter: the predicted factor comes by orthogonal reflections of the weighted deviations
 * and Q^½, always; the predicted covariance is never formed.
 *
 *     L⁻ = lower triangle of [D, A, Q^½],   then the centre: a rank-one downdate when w₀ᶜ < 0
 *
 * Takes 7–8 digits out of problems that leave a formed covariance none (P₀/R = 10²⁰), at about twice the cost. The update by a
 * reading is the scalar square-root update that all filters of this folder share, in place of m downdates by K S^½: a downdate
 * subtracts, and fails where the reading is much more precise than the state. A downdate that fails is told, never mended.
 * @see van der Merwe & Wan (2001), Proc. ICASSP, "The square-root unscented Kalman filter for state and parameter-estimation".
 */
export class SquareRootUnscentedKalmanFilter extends SquareRootFilter {
  constructor(system: StochasticSystem, start: Start, options: UnscentedOptions = {}) {
    super(system, start, scaledPoints(options), options, "orthogonal");
  }
}

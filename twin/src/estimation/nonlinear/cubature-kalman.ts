import { CUBATURE, pairWeights } from "../unscented-transform.ts";
import type { Start } from "./checked-system.ts";
import { type FilterOptions, SquareRootFilter } from "./square-root-filter.ts";
import { PairRegressor } from "./symmetric-points.ts";
import type { StochasticSystem } from "./system.ts";

/**
 * The cubature Kalman filter of third degree: 2n points of equal weight, exact for cubic polynomials.
 *
 *     x_{±j} = m ± √n L_j,   w = 1/(2n)
 *
 * The unscented filter without a centre (α = 1, β = κ = 0): all weights positive, nothing to tune. The points move out
 * with √n: in many dimensions a function that bends nearer by is seen badly.
 * @see Arasaratnam & Haykin (2009), IEEE Trans. Autom. Control 54(6).
 */
export class CubatureKalmanFilter extends SquareRootFilter {
  constructor(system: StochasticSystem, start: Start, options: FilterOptions = {}) {
    super(
      system,
      start,
      (mapping) => new PairRegressor(mapping, pairWeights(mapping.states, CUBATURE)),
      options,
    );
  }
}

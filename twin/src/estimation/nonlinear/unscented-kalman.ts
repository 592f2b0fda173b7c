import { TwinError } from "../../errors.ts";
import { type PairWeights, pairWeights, type SigmaRule } from "../unscented-transform.ts";
import type { Start } from "./checked-system.ts";
import type { MomentRule } from "./regression.ts";
import { type FilterOptions, SquareRootFilter } from "./square-root-filter.ts";
import { PairRegressor } from "./symmetric-points.ts";
import type { StochasticSystem } from "./system.ts";

export interface UnscentedOptions extends FilterOptions {
  /** α: how far out the points lie. Default 1. */
  readonly alpha?: number;
  /** β: weight given to the centre for the shape of the prior; 2 adds its second-order term for a Gaussian. Default 0. */
  readonly beta?: number;
  /** κ: n + κ is the squared distance at α = 1, and must be positive. Default 0. */
  readonly kappa?: number;
  /**
   * Lets α lie below 0.1. The centre's weight is then about −1/α² and differences of the model over α sds are divided by α²: what
   * the model does not resolve — a solver's tolerance, a table's step — is magnified as much. Only for models exact to rounding.
   */
  readonly exactModel?: boolean;
}

/** Below this, α asks for an exact model. */
const SMALLEST_ALPHA = 0.1;

/**
 * The unscented Kalman filter with scaled points.
 *
 *     x₀ = m,   x_{±j} = m ± √c L_j,   c = α²(n + κ)
 *     w₀ᵐ = 1 − n/c,   w₀ᶜ = w₀ᵐ + 1 − α² + β,   w_j = 1/(2c)
 *
 * The points for h are drawn from N(m⁻, P⁻), with the process noise in it. Points carried over from before it was added would
 * miss Q in Cov[y] and in Cov[x, y], and so in the gain. Cost: 2n + 1 runs of f and of h (2n where the centre has no weight).
 * w₀ᶜ ≥ 0 (as by default) keeps every covariance definite; with w₀ᶜ < 0 a predicted covariance, or the noise left in a reading, can
 * turn indefinite, which is told as NOT_POSITIVE_DEFINITE and never mended.
 * @see Julier & Uhlmann (2004), Proc. IEEE 92(3); Wan & van der Merwe (2000), Proc. AS-SPCC; Särkkä (2013), §5.5.
 */
export class UnscentedKalmanFilter extends SquareRootFilter {
  constructor(system: StochasticSystem, start: Start, options: UnscentedOptions = {}) {
    super(system, start, scaledPoints(options), options);
  }
}

/** @throws {TwinError} BAD_OPTION; on use for n states, when n + κ ≤ 0. */
export function scaledPoints(options: UnscentedOptions): MomentRule {
  const { alpha = 1, beta = 0, kappa = 0, exactModel = false } = options;
  if (!(alpha > 0 && alpha <= 1 && Number.isFinite(beta) && Number.isFinite(kappa)))
    throw new TwinError(
      "BAD_OPTION",
      `α = ${alpha}, β = ${beta}, κ = ${kappa} make no sigma points`,
      "expected 0 < α ≤ 1 and finite β and κ, such as α = 1, β = 0, κ = 0",
    );
  if (alpha < SMALLEST_ALPHA && !exactModel)
    throw new TwinError(
      "BAD_OPTION",
      `α = ${alpha} gives the centre a weight of about ${(-1 / alpha ** 2).toPrecision(2)}: the filter would differentiate the model's own error`,
      `expected α ≥ ${SMALLEST_ALPHA}; a model exact to rounding may say so with exactModel: true`,
    );
  return (mapping) => new PairRegressor(mapping, weightsFor(mapping.states, { alpha, beta, kappa }));
}

function weightsFor(states: number, rule: SigmaRule): PairWeights {
  if (states + rule.kappa > 0) return pairWeights(states, rule);
  throw new TwinError(
    "BAD_OPTION",
    `κ = ${rule.kappa} makes n + κ = ${states + rule.kappa} for ${states} states`,
    `expected κ > −${states}`,
  );
}

import { TwinError } from "../../errors.ts";
import { discretise } from "../../linear-algebra/discretise.ts";
import { oneNorm } from "../../linear-algebra/exponential.ts";
import { type Matrix, multiply, plus, symmetrise } from "../../linear-algebra/matrix.ts";
import { largestMagnitude } from "../../linear-algebra/spans.ts";

/** 2⁶⁰ steps: enough for a root that is the last double below 1. */
const DOUBLINGS = 60;

/**
 * P with P = F P Fᵀ + Q, by doubling: after k rounds P holds the noise of 2ᵏ steps.
 *
 *     P ← P + A P Aᵀ,  A ← A A,  from P = Q, A = F
 *
 * @throws {TwinError} NOT_STATIONARY when a root of F is on or outside the unit circle.
 * @see Anderson & Moore (1979), Optimal Filtering, §6.7.
 */
export function stationaryCovariance(transition: Matrix, noise: Matrix): Matrix {
  let power = transition;
  let covariance = noise;
  for (let round = 0; round < DOUBLINGS; round++) {
    const added = multiply(multiply(power, covariance), power.transpose());
    covariance = symmetrise(plus(covariance, added));
    const largest = largestMagnitude(covariance.data);
    if (!Number.isFinite(largest)) break;
    if (largestMagnitude(power.data) < 1 && largestMagnitude(added.data) <= Number.EPSILON * 1e-3 * largest)
      return covariance;
    power = multiply(power, power);
  }
  throw new TwinError(
    "NOT_STATIONARY",
    "the process has no stationary distribution: its variance grows for ever",
    "give a start covariance or diffuse directions",
  );
}

/** Rounds of refinement: each takes the error times what one doubling loses, so two reach the last digits. */
const REFINEMENTS = 3;

/**
 * P with A P + P Aᵀ + W = 0: what dx = A x dt + noise of density W settles in. By doubling from a step 1/‖A‖, whose slow modes
 * lose digits where A has fast ones beside them; then the same again for what is left of the equation.
 *
 * @throws {TwinError} NOT_STATIONARY when a root of A has a real part ≥ 0.
 */
export function settledCovariance(dynamics: Matrix, density: Matrix): Matrix {
  const step = 1 / (oneNorm(dynamics) || 1);
  const solve = (right: Matrix): Matrix => {
    const { transition, noise } = discretise(dynamics, right, step);
    return stationaryCovariance(transition, noise);
  };
  let covariance = solve(density);
  for (let round = 0; round < REFINEMENTS; round++) {
    const moved = multiply(dynamics, covariance);
    const left = plus(plus(moved, moved.transpose()), density);
    covariance = plus(covariance, solve(symmetrise(left)));
  }
  return covariance;
}

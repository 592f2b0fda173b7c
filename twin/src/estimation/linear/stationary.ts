import { TwinError } from "../../errors.ts";
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

import { inverseLowerGamma, inverseUpperGamma, lowerGamma, upperGamma } from "./gamma-function.ts";

/** χ² with `freedom` degrees: twice a gamma variable of shape freedom/2. P(X ≤ x). */
export const chiSquaredCdf = (x: number, freedom: number): number => lowerGamma(freedom / 2, x / 2);

/** P(X > x). */
export const chiSquaredSurvival = (x: number, freedom: number): number => upperGamma(freedom / 2, x / 2);

/** x with P(X ≤ x) = `probability`. */
export const chiSquaredQuantile = (probability: number, freedom: number): number =>
  2 * inverseLowerGamma(freedom / 2, probability);

/** x with P(X > x) = `probability`. */
export const chiSquaredInverseSurvival = (probability: number, freedom: number): number =>
  2 * inverseUpperGamma(freedom / 2, probability);

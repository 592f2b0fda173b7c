import { requirePositive } from "./arguments.ts";
import { regularisedBeta } from "./beta-function.ts";

/** Fisher's F: the ratio of two mean squares of `numerator` and `denominator` degrees of freedom. P(F ≤ x). */
export function fCdf(x: number, numerator: number, denominator: number): number {
  requirePositive(numerator, "the degrees of freedom of a numerator");
  requirePositive(denominator, "the degrees of freedom of a denominator");
  if (x <= 0) return 0;
  const share = 1 / (1 + denominator / (numerator * x));
  return regularisedBeta(numerator / 2, denominator / 2, share, 1 / (1 + (numerator * x) / denominator));
}

/** P(F > x): that of the ratio upside down. */
export const fSurvival = (x: number, numerator: number, denominator: number): number =>
  x <= 0 ? 1 : fCdf(1 / x, denominator, numerator);

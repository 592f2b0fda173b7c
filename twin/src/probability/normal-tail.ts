import { scaledErfc } from "./error-function.ts";
import { standardNormalCdf, standardNormalDensity } from "./normal.ts";

/** Beyond so many standard deviations the difference 1 + aλ − λ² is rounding; the series is exact to 1e-10 there. */
const FAR = 100;

/**
 * Mean and variance of Z given Z > a, Z standard normal.
 *
 *     λ = φ(a)/P(Z > a) = √(2/π) / erfcx(a/√2),   E = λ,   Var = 1 + aλ − λ²
 *
 * @see Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, §13.10.1.
 */
export function truncatedAbove(a: number): { readonly mean: number; readonly variance: number } {
  if (a > FAR) {
    const square = a * a;
    return { mean: a + 1 / a - 2 / (a * square), variance: (1 - 6 / square) / square };
  }
  const hazard =
    a < 0
      ? standardNormalDensity(a) / standardNormalCdf(-a)
      : Math.sqrt(2 / Math.PI) / scaledErfc(a * Math.SQRT1_2);
  return { mean: hazard, variance: 1 + a * hazard - hazard * hazard };
}

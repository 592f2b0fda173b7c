/**
 * The normal distribution. `tail` is accurate to 1.2e-7 relative everywhere, far into the tails: it is a Chebyshev fit
 * to ln erfc.
 * @see Press et al. (1992), Numerical Recipes, §6.2 (erfcc).
 */
const LN_SQRT_2PI = 0.9189385332046727;

export const logDensity = (z: number): number => -0.5 * z * z - LN_SQRT_2PI;

/** ln P(Z > z). */
export function logTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const polynomial =
    -1.26551223 +
    t *
      (1.00002368 +
        t *
          (0.37409196 +
            t *
              (0.09678418 +
                t *
                  (-0.18628806 +
                    t *
                      (0.27886807 +
                        t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  const upper = Math.log(t / 2) - x * x + polynomial;
  return z >= 0 ? upper : Math.log1p(-Math.exp(upper));
}

export const tail = (z: number): number => Math.exp(logTail(z));
export const cumulative = (z: number): number => tail(-z);

/** Mean and variance of Z given Z > a, Z standard normal: λ and 1 + aλ − λ², λ = φ(a)/P(Z > a). */
export function truncatedAbove(a: number): { readonly mean: number; readonly variance: number } {
  if (a > 12) return { mean: a + 1 / a, variance: 1 / (a * a) };
  const hazard = Math.exp(logDensity(a) - logTail(a));
  return { mean: hazard, variance: Math.max(1 + a * hazard - hazard * hazard, 1e-12) };
}

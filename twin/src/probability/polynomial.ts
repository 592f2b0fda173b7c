/** Σ cᵢ xⁱ by Horner's rule; coefficients ascending. */
export function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let index = coefficients.length - 1; index >= 0; index--)
    sum = sum * x + (coefficients[index] as number);
  return sum;
}

/** Σ cᵢ Tᵢ(t), |t| ≤ 1, by Clenshaw's recurrence; coefficients ascending. */
export function chebyshev(coefficients: readonly number[], t: number): number {
  let next = 0;
  let sum = 0;
  for (let index = coefficients.length - 1; index > 0; index--) {
    const kept = sum;
    sum = 2 * t * sum - next + (coefficients[index] as number);
    next = kept;
  }
  return t * sum - next + (coefficients[0] as number);
}

/** Exact distributions for deriving the bounds of statistical tests; none of the product's approximations is used. */

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
};

/** ln Γ(x), Lanczos with g = 7: about 15 digits. */
export function logGamma(x: number): number {
  const coefficients = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const t = x + 6.5;
  let sum = coefficients[0]!;
  for (let index = 1; index < 9; index++) sum += coefficients[index]! / (x + index - 1);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** P(X ≤ count), X binomial. */
export function binomialCumulative(count: number, trials: number, probability: number): number {
  let sum = 0;
  for (let k = 0; k <= count; k++) {
    const logChoose = logGamma(trials + 1) - logGamma(k + 1) - logGamma(trials - k + 1);
    sum += Math.exp(logChoose + k * Math.log(probability) + (trials - k) * Math.log1p(-probability));
  }
  return sum;
}

/** Smallest count with P(X ≤ count) ≥ level. */
export function binomialQuantile(level: number, trials: number, probability: number): number {
  let count = 0;
  while (binomialCumulative(count, trials, probability) < level) count++;
  return count;
}

/** P(χ²_freedom ≤ x): the regularised incomplete gamma function, by its series. */
export function chiSquaredCumulative(x: number, freedom: number): number {
  const a = freedom / 2;
  const half = x / 2;
  if (half <= 0) return 0;
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < 100_000 && term > 1e-17 * sum; n++) {
    term *= half / (a + n);
    sum += term;
  }
  return Math.min(1, sum * Math.exp(-half + a * Math.log(half) - logGamma(a)));
}

/** Quantile of χ² by bisection. */
export function exactChiSquaredQuantile(level: number, freedom: number): number {
  let low = 0;
  let high = freedom + 20 * Math.sqrt(2 * freedom) + 60;
  for (let round = 0; round < 200; round++) {
    const middle = (low + high) / 2;
    if (chiSquaredCumulative(middle, freedom) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

import { requirePositive, requireProbability } from "./arguments.ts";
import { deviance, stirlingError } from "./gamma-function.ts";
import { LOG_SQRT_TWO_PI } from "./normal.ts";
import { positiveRoot } from "./positive-root.ts";

/** ln B(a, b) = ln Γ(a)Γ(b)/Γ(a + b), without the cancellation of three large logarithms. */
export function logBeta(a: number, b: number): number {
  requirePositive(a, "the first shape of a beta function");
  requirePositive(b, "the second shape of a beta function");
  const small = Math.min(a, b);
  const large = Math.max(a, b);
  const total = a + b;
  return (
    (small - 0.5) * Math.log(small / total) -
    large * Math.log1p(small / large) -
    0.5 * Math.log(large) +
    LOG_SQRT_TWO_PI +
    (stirlingError(small) + (stirlingError(large) - stirlingError(total)))
  );
}

/**
 * I_x(a, b) = ∫₀ˣ t^{a−1}(1 − t)^{b−1} dt / B(a, b): the cdf of a beta distribution.
 *
 * @param complement 1 − x, where the caller knows it to more digits than x leaves.
 * @see DiDonato & Morris (1992), ACM Trans. Math. Softw. 18(3), algorithm 708, §3 (BFRAC): a continued fraction on the
 * side of the mean where it is fast.
 */
export function regularisedBeta(a: number, b: number, x: number, complement: number = 1 - x): number {
  requirePositive(a, "the first shape of an incomplete beta function");
  requirePositive(b, "the second shape of an incomplete beta function");
  if (Number.isNaN(x) || Number.isNaN(complement)) return Number.NaN;
  if (x <= 0) return 0;
  if (complement <= 0) return 1;
  return a * complement >= b * x
    ? kernel(x, a, b, complement) * fraction(x, a, b, complement)
    : 1 - kernel(complement, b, a, x) * fraction(complement, b, a, x);
}

/** x with I_x(a, b) = `lower`; `upper` = 1 − `lower`, where the caller knows it to more digits. */
export function inverseRegularisedBeta(
  a: number,
  b: number,
  lower: number,
  upper: number = 1 - lower,
): number {
  requireProbability(lower);
  requireProbability(upper);
  const mean = a / (a + b);
  if (lower === 0 || upper === 0) return lower === 0 ? 0 : 1;
  return lower <= regularisedBeta(a, b, mean, b / (a + b))
    ? lowerRoot(lower, a, b)
    : 1 - lowerRoot(upper, b, a);
}

/** The root below the mean, where the cdf keeps its digits. */
function lowerRoot(lower: number, a: number, b: number): number {
  const target = Math.log(lower);
  const start = Math.min(a / (a + b), Math.exp((target + Math.log(a) + logBeta(a, b)) / a));
  // So far down, the first term of the series is the function.
  if (start < 1e-300) return start;
  return positiveRoot(
    (x) => {
      const value = regularisedBeta(a, b, x);
      const slope = kernel(x, a, b, 1 - x) / (1 - x) / value;
      return { gap: Math.log(value) - target, slope };
    },
    start,
    1,
  );
}

/** x^a (1 − x)^b / B(a, b), by deviances as of a binomial probability (Loader 2000). */
function kernel(x: number, a: number, b: number, complement: number): number {
  const total = a + b;
  const remainders = stirlingError(total) - stirlingError(a) - stirlingError(b);
  const deviances = deviance(a, total * x) + deviance(b, total * complement);
  return Math.sqrt((a * b) / (2 * Math.PI * total)) * Math.exp(remainders - deviances);
}

/** What the kernel is multiplied by, for x up to the mean: the contraction whose terms do not cancel where a ≫ b. */
function fraction(x: number, a: number, b: number, complement: number): number {
  const excess = a * complement - b * x;
  let denominator = (a / (a + 1)) * (excess + 1);
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / denominator;
  let value = d;
  for (let n = 1; n < 1e7; n++) {
    const at = a + 2 * n - 1;
    const numerator = ((a + n - 1) / at) * ((a + b + n - 1) / at) * n * (b - n) * x * x;
    denominator = n + (n * (b - n) * x) / at + ((a + n) / (at + 2)) * (excess + 1 + n * (1 + complement));
    d = 1 / (denominator + numerator * d);
    c = denominator + numerator / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < Number.EPSILON) break;
  }
  return value;
}

import { requirePositive, requireProbability } from "./arguments.ts";
import { LOG_SQRT_TWO_PI, standardNormalQuantile } from "./normal.ts";
import { polynomial } from "./polynomial.ts";
import { positiveRoot } from "./positive-root.ts";

const EULER = 0.5772156649015329;
/** (−1)ᵏ (ζ(k) − 1)/k for k = 2, 3, …: the series of ln Γ about 2. */
const ABOUT_TWO: readonly number[] = [
  0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986, 0.0028905103307415234,
  -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939, 9.945751278180853e-5,
  -4.492623673813314e-5, 2.050721277567069e-5, -9.439488275268397e-6, 4.374866789907488e-6,
  -2.039215753801366e-6, 9.55141213040742e-7, -4.492469198764566e-7, 2.1207184805554665e-7,
  -1.0043224823968099e-7, 4.7698101693639804e-8, -2.2711094608943164e-8, 1.0838659214896955e-8,
  -5.183475041970047e-9, 2.4836745438024785e-9, -1.1921401405860912e-9, 5.731367241678862e-10,
  -2.7595228851242334e-10, 1.330476437424449e-10, -6.4229645638381e-11,
];
/** B_{2k}/(2k(2k − 1)). */
const STIRLING: readonly number[] = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
];

/**
 * ln Γ(x), x > 0: a relative error of a few 1e-16, also beside the zeros at 1 and 2.
 * @see Abramowitz & Stegun (1964), 6.1.33 (Taylor series) and 6.1.41 (Stirling's).
 */
export function logGamma(x: number): number {
  requirePositive(x, "the argument of ln Γ");
  if (x >= 10) return (x - 0.5) * Math.log(x) - x + LOG_SQRT_TWO_PI + stirlingError(x);
  if (x < 0.5) return aboutTwo(x) - Math.log1p(x) - Math.log(x);
  if (x < 1.5) return aboutTwo(x - 1) - Math.log1p(x - 1);
  let rest = x;
  let product = 1;
  while (rest > 2.5) {
    rest -= 1;
    product *= rest;
  }
  return aboutTwo(rest - 2) + Math.log(product);
}

/** ln Γ(2 + z), |z| ≤ ½. */
const aboutTwo = (z: number): number => z * (1 - EULER + z * polynomial(ABOUT_TWO, z));

/** δ(x) = ln Γ(x) − (x − ½) ln x + x − ½ ln 2π: what Stirling's formula leaves. */
export function stirlingError(x: number): number {
  if (x >= 10) return polynomial(STIRLING, 1 / (x * x)) / x;
  return logGamma(x) - (x - 0.5) * Math.log(x) + x - LOG_SQRT_TWO_PI;
}

/** ψ(x) = d ln Γ/dx, x > 0, by recurrence to x ≥ 10 and the asymptotic series (Abramowitz & Stegun 6.3.18). */
export function digamma(x: number): number {
  requirePositive(x, "the argument of ψ");
  let argument = x;
  let sum = 0;
  for (; argument < 10; argument++) sum -= 1 / argument;
  const square = 1 / (argument * argument);
  const series = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];
  return sum + Math.log(argument) - 0.5 / argument - square * polynomial(series, square);
}

/**
 * a ln(a/x) + x − a ≥ 0, without cancellation where x ≈ a.
 * @see Loader (2000), Fast and accurate computation of binomial probabilities, §3.
 */
export function deviance(a: number, x: number): number {
  const ratio = (a - x) / (a + x);
  if (Math.abs(ratio) > 0.5) return a * (Math.log(a) - Math.log(x)) + x - a;
  let power = 2 * a * ratio;
  let sum = (a - x) * ratio;
  for (let odd = 3; ; odd += 2) {
    power *= ratio * ratio;
    const next = sum + power / odd;
    if (next === sum) return sum;
    sum = next;
  }
}

/** P(a, x) = γ(a, x)/Γ(a): the cdf of a gamma distribution of shape a. a > 0, x ≥ 0. */
export function lowerGamma(shape: number, x: number): number {
  requirePositive(shape, "the shape of an incomplete gamma function");
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return Number.isNaN(x) ? x : x > 0 ? 1 : 0;
  return x < shape + 1 ? lowerSeries(shape, x) : 1 - upperFraction(shape, x);
}

/** Q(a, x) = 1 − P(a, x), with its own digits however small. */
export function upperGamma(shape: number, x: number): number {
  requirePositive(shape, "the shape of an incomplete gamma function");
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return Number.isNaN(x) ? x : x > 0 ? 0 : 1;
  if (x >= shape + 1) return upperFraction(shape, x);
  return shape < 1 && x < 1 ? smallUpper(shape, x) : 1 - lowerSeries(shape, x);
}

/** x with P(a, x) = `lower`. */
export function inverseLowerGamma(shape: number, lower: number): number {
  requirePositive(shape, "the shape of an incomplete gamma function");
  requireProbability(lower);
  if (lower === 0 || lower === 1) return lower === 0 ? 0 : Number.POSITIVE_INFINITY;
  if (lower > 0.5) return inverseUpperGamma(shape, 1 - lower);
  const smallest = (Math.log(lower) + logGamma(shape + 1)) / shape;
  const start = Math.max(cubeRootStart(shape, standardNormalQuantile(lower)), Math.exp(smallest));
  // So far down, the first term of the series is the function.
  if (start < 1e-300) return start;
  const target = Math.log(lower);
  return positiveRoot((x) => {
    const value = lowerGamma(shape, x);
    return { gap: Math.log(value) - target, slope: (shape * kernel(shape, x)) / value };
  }, start);
}

/** x with Q(a, x) = `upper`. */
export function inverseUpperGamma(shape: number, upper: number): number {
  requirePositive(shape, "the shape of an incomplete gamma function");
  requireProbability(upper);
  if (upper === 0 || upper === 1) return upper === 1 ? 0 : Number.POSITIVE_INFINITY;
  if (upper > 0.5) return inverseLowerGamma(shape, 1 - upper);
  const target = Math.log(upper);
  const start = Math.max(cubeRootStart(shape, -standardNormalQuantile(upper)), shape * 1e-3);
  return positiveRoot((x) => {
    const value = upperGamma(shape, x);
    return { gap: target - Math.log(value), slope: (shape * kernel(shape, x)) / value };
  }, start);
}

/** Wilson & Hilferty's cube (1931, PNAS 17): where to begin. */
const cubeRootStart = (shape: number, z: number): number =>
  shape * Math.max(0, 1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape))) ** 3;

/** x^a e^{−x}/Γ(a + 1). */
function kernel(shape: number, x: number): number {
  return Math.exp(-deviance(shape, x) - stirlingError(shape)) / Math.sqrt(2 * Math.PI * shape);
}

function lowerSeries(shape: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let denominator = shape + 1; term > 1e-17 * sum; denominator++) {
    term *= x / denominator;
    sum += term;
  }
  return Math.min(1, kernel(shape, x) * sum);
}

/** Legendre's continued fraction, evaluated forwards (Lentz; Abramowitz & Stegun 6.5.31). */
function upperFraction(shape: number, x: number): number {
  let b = x + 1 - shape;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let value = d;
  for (let step = 1; step < 1e7; step++) {
    const numerator = step * (shape - step);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < Number.EPSILON) break;
  }
  return shape * kernel(shape, x) * value;
}

/** Q for a, x < 1, where 1 − P would lose what is left: −expm1(ln(x^a/Γ(1 + a))) − (x^a/Γ(a)) Σ_{k≥1} (−x)ᵏ/(k!(a + k)). */
function smallUpper(shape: number, x: number): number {
  const logPower = shape * Math.log(x) - logGamma(1 + shape);
  let power = 1;
  let sum = 0;
  for (let k = 1; k < 25; k++) {
    power *= -x / k;
    sum += power / (shape + k);
  }
  return -Math.expm1(logPower) - shape * Math.exp(logPower) * sum;
}

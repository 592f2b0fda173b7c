import type { Dice } from "../random/dice.ts";
import { requirePositive, requireProbability, requireReal } from "./arguments.ts";
import type { Parametric } from "./distribution.ts";
import { decay, erf, scaledErfc } from "./error-function.ts";
import { polynomial } from "./polynomial.ts";

export const LOG_TWO_PI: number = Math.log(2 * Math.PI);
/** ½ ln 2π. */
export const LOG_SQRT_TWO_PI = 0.9189385332046728;

/** N(mean, sd²). */
export function normal(mean: number, sd: number): Parametric {
  requireReal(mean, "the mean of a normal distribution");
  requirePositive(sd, "the standard deviation of a normal distribution");
  const constant = LOG_SQRT_TWO_PI + Math.log(sd);
  return {
    support: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    mean,
    variance: sd * sd,
    logDensity: (x) => -0.5 * ((x - mean) / sd) ** 2 - constant,
    sample: (dice: Dice) => mean + sd * dice.normal(),
    cdf: (x) => standardNormalCdf((x - mean) / sd),
    survival: (x) => standardNormalCdf((mean - x) / sd),
    quantile: (probability) => mean + sd * standardNormalQuantile(probability),
    inverseSurvival: (probability) => mean - sd * standardNormalQuantile(probability),
  };
}

/** φ(z) of the standard normal. */
export const standardNormalDensity = (z: number): number => decay(z, 0.5) / Math.sqrt(2 * Math.PI);

/** Φ(z) = P(Z ≤ z); the upper tail is Φ(−z). Relative error below 2e-15 down to the smallest double, at z = −38.5. */
export function standardNormalCdf(z: number): number {
  if (z > 0) return 1 - standardNormalCdf(-z);
  return z > -0.5 ? 0.5 + 0.5 * erf(z * Math.SQRT1_2) : 0.5 * scaledErfc(-z * Math.SQRT1_2) * decay(z, 0.5);
}

/** ln Φ(z), at any distance: −z²/2 − ln(|z|√2π) − … far below. */
export const standardNormalLogCdf = (z: number): number =>
  z < -1 ? Math.log(0.5 * scaledErfc(-z * Math.SQRT1_2)) - 0.5 * z * z : Math.log1p(-standardNormalCdf(-z));

/**
 * z with Φ(z) = `probability`; relative error about 1e-16. For an upper tail, negate the quantile of the tail.
 * @throws {TwinError} BAD_ARGUMENT outside [0, 1]; 0 and 1 give ∓∞.
 * @see Wichura (1988), Applied Statistics 37, algorithm AS 241 (PPND16).
 */
export function standardNormalQuantile(probability: number): number {
  requireProbability(probability);
  const offset = probability - 0.5;
  if (Math.abs(offset) <= 0.425) return centralStandardNormalQuantile(offset);
  const tail = offset < 0 ? probability : 1 - probability;
  if (tail === 0) return offset < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const r = Math.sqrt(-Math.log(tail));
  const z =
    r <= 5
      ? polynomial(MIDDLE_TOP, r - 1.6) / polynomial(MIDDLE_BOTTOM, r - 1.6)
      : polynomial(FAR_TOP, r - 5) / polynomial(FAR_BOTTOM, r - 5);
  return offset < 0 ? -z : z;
}

/** z with Φ(z) = ½ + offset, |offset| ≤ 0.425: keeps the digits of a small offset. */
export const centralStandardNormalQuantile = (offset: number): number => {
  const r = 0.180625 - offset * offset;
  return (offset * polynomial(CENTRE_TOP, r)) / polynomial(CENTRE_BOTTOM, r);
};

const CENTRE_TOP: readonly number[] = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const CENTRE_BOTTOM: readonly number[] = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
];
const MIDDLE_TOP: readonly number[] = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const MIDDLE_BOTTOM: readonly number[] = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const FAR_TOP: readonly number[] = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const FAR_BOTTOM: readonly number[] = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
];

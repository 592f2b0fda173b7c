import type { Dice } from "../random/dice.ts";
import { requirePositive, requireProbability, requireReal } from "./arguments.ts";
import { logBeta, regularisedBeta } from "./beta-function.ts";
import type { Parametric } from "./distribution.ts";
import { sampleGamma } from "./gamma.ts";
import { standardNormalQuantile } from "./normal.ts";
import { positiveRoot } from "./positive-root.ts";

/**
 * location + scale · T, T of `freedom` ν > 0 degrees (not necessarily whole).
 *
 *     p(z) = (1 + z²/ν)^{−(ν+1)/2} / (√ν B(ν/2, ½))
 */
export function studentT(freedom: number, location = 0, scale = 1): Parametric {
  requirePositive(freedom, "the degrees of freedom of a t distribution");
  requireReal(location, "the location of a t distribution");
  requirePositive(scale, "the scale of a t distribution");
  const constant = logBeta(freedom / 2, 0.5) + 0.5 * Math.log(freedom) + Math.log(scale);
  return {
    support: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    mean: freedom > 1 ? location : Number.NaN,
    variance: studentTVariance(freedom) * scale * scale,
    logDensity: (x) =>
      -0.5 * (freedom + 1) * logOnePlusSquare((x - location) / scale / Math.sqrt(freedom)) - constant,
    sample: (dice: Dice) =>
      location + (scale * dice.normal()) / Math.sqrt(sampleGamma(dice, freedom / 2) / (freedom / 2)),
    cdf: (x) => studentTCdf((x - location) / scale, freedom),
    survival: (x) => studentTCdf((location - x) / scale, freedom),
    quantile: (probability) => location + scale * studentTQuantile(probability, freedom),
    inverseSurvival: (probability) => location - scale * studentTQuantile(probability, freedom),
  };
}

/** P(T ≤ t); the upper tail is that of −t. */
export function studentTCdf(t: number, freedom: number): number {
  requirePositive(freedom, "the degrees of freedom of a t distribution");
  if (Number.isNaN(t)) return t;
  return t > 0 ? 1 - studentTTail(t, freedom) : studentTTail(-t, freedom);
}

/** t with P(T ≤ t) = `probability`. */
export function studentTQuantile(probability: number, freedom: number): number {
  requirePositive(freedom, "the degrees of freedom of a t distribution");
  requireProbability(probability);
  if (probability === 0.5) return 0;
  const sign = probability < 0.5 ? -1 : 1;
  const tail = probability < 0.5 ? probability : 1 - probability;
  if (tail === 0) return sign * Number.POSITIVE_INFINITY;
  return sign * (tail < 0.25 ? tailRoot(tail, freedom) : centralRoot(Math.abs(probability - 0.5), freedom));
}

/** ln(1 + u²) for any u. */
export const logOnePlusSquare = (u: number): number =>
  Math.abs(u) < 1e8 ? Math.log1p(u * u) : 2 * Math.log(Math.abs(u));

const studentTVariance = (freedom: number): number => {
  if (freedom > 2) return freedom / (freedom - 2);
  return freedom > 1 ? Number.POSITIVE_INFINITY : Number.NaN;
};

/** P(T > t), t ≥ 0: ½ I_{ν/(ν+t²)}(ν/2, ½); far out its leading term, since t² would overflow. */
function studentTTail(t: number, freedom: number): number {
  if (t > FAR * Math.sqrt(freedom)) return Math.exp(logFarTail(t, freedom));
  const outside = 1 / (1 + (t / freedom) * t);
  return 0.5 * regularisedBeta(freedom / 2, 0.5, outside, (t / freedom) * t * outside);
}

/** Beyond √ν · this, ν/t² is rounding. */
const FAR = 1e9;
/** ln of (√ν/t)^ν/(ν B(ν/2, ½)). */
const logFarTail = (t: number, freedom: number): number =>
  freedom * Math.log(Math.sqrt(freedom) / t) - Math.log(freedom) - logBeta(freedom / 2, 0.5);

/** t p(t): what a quantile moves by, per unit of ln t. */
const logSlope = (t: number, freedom: number): number =>
  t *
  Math.exp(
    -0.5 * (freedom + 1) * logOnePlusSquare(t / Math.sqrt(freedom)) -
      logBeta(freedom / 2, 0.5) -
      0.5 * Math.log(freedom),
  );

function tailRoot(tail: number, freedom: number): number {
  const target = Math.log(tail);
  const root = Math.sqrt(freedom);
  const far = root * Math.exp((logFarTail(root, freedom) - target) / freedom);
  if (far > FAR * root) return far;
  return positiveRoot((t) => {
    const value = studentTTail(t, freedom);
    return { gap: target - Math.log(value), slope: logSlope(t, freedom) / value };
  }, -standardNormalQuantile(tail));
}

/** Near the median the mass between it and t keeps the digits: ½ I_{t²/(ν+t²)}(½, ν/2). */
function centralRoot(mass: number, freedom: number): number {
  const target = Math.log(mass);
  return positiveRoot(
    (t) => {
      const outside = 1 / (1 + (t / freedom) * t);
      const value = 0.5 * regularisedBeta(0.5, freedom / 2, (t / freedom) * t * outside, outside);
      return { gap: Math.log(value) - target, slope: logSlope(t, freedom) / value };
    },
    mass * Math.sqrt(2 * Math.PI),
  );
}

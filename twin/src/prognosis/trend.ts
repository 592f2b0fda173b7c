import { TwinError } from "../errors.ts";
import type { ImpliedReading } from "./implied-readings.ts";

/** A level that moves with a slope, the slope a random walk: what is believed of both at `at`, for one roughness. */
export interface TrendBelief {
  readonly at: number;
  readonly level: number;
  readonly slope: number;
  /** Var[level], Cov[level, slope], Var[slope]. */
  readonly covariance: readonly [number, number, number];
  /** q: variance that the slope gains per unit of time. */
  readonly roughness: number;
  /** Posterior probability of this roughness. */
  readonly weight: number;
}

export interface TrendPrior {
  /** sd of the slope before any reading. */
  readonly slope: number;
  /** Range in which the roughness q lies, a priori log-uniform. */
  readonly roughness: readonly [low: number, high: number];
}

/** Points of the grid over ln q: the bands move by less than 2 % when it is made twice as fine. */
const GRID = 25;

/**
 * An integrated random walk through readings at irregular times, averaged over its roughness.
 *
 *     level′ = slope,  slope′ = √q · white noise,   Q(Δ) = q [[Δ³/3, Δ²/2], [Δ²/2, Δ]],   p(q | y) ∝ p(y | q) p(q)
 *
 * A maximum-likelihood q from some dozens of readings is a guess that a forecast would take for knowledge; averaging
 * keeps the bands as wide as the data leave them.
 * @throws {TwinError} TOO_FEW_READINGS with fewer than three.
 * @see Wahba (1978), JRSS B 40 (the same prior as a smoothing spline's); Durbin & Koopman (2012), §3.2.
 */
export function fitTrend(readings: readonly ImpliedReading[], prior: TrendPrior): TrendBelief[] {
  const [low, high] = prior.roughness;
  if (readings.length < 3)
    throw new TwinError(
      "TOO_FEW_READINGS",
      `a trend was asked of ${readings.length} readings`,
      "wait for at least three, or look back further",
    );
  if (!(low > 0 && high >= low && prior.slope > 0 && Number.isFinite(high)))
    throw new TwinError(
      "BAD_PRIOR",
      `slope sd ${prior.slope}, roughness from ${low} to ${high}`,
      "give positive, finite numbers, the lower one first",
    );
  const beliefs = Array.from({ length: GRID }, (_, index) =>
    passThrough(readings, prior.slope, low * (high / low) ** (index / (GRID - 1))),
  );
  const top = Math.max(...beliefs.map(({ logLikelihood }) => logLikelihood));
  const total = beliefs.reduce((sum, { logLikelihood }) => sum + Math.exp(logLikelihood - top), 0);
  return beliefs.map(({ belief, logLikelihood }) => ({
    ...belief,
    weight: Math.exp(logLikelihood - top) / total,
  }));
}

/** The Kalman filter of the two states, scalar by scalar; the first reading is the prior of the level. */
function passThrough(
  readings: readonly ImpliedReading[],
  slopeSd: number,
  q: number,
): { belief: TrendBelief; logLikelihood: number } {
  const first = readings[0] as ImpliedReading;
  let [level, slope, at] = [first.value, 0, first.at];
  let [p00, p01, p11] = [first.variance, 0, slopeSd * slopeSd];
  let logLikelihood = 0;
  for (const reading of readings.slice(1)) {
    const d = reading.at - at;
    at = reading.at;
    level += slope * d;
    p00 += 2 * d * p01 + d * d * p11 + (q * d ** 3) / 3;
    p01 += d * p11 + (q * d * d) / 2;
    p11 += q * d;
    const total = p00 + reading.variance;
    const innovation = reading.value - level;
    logLikelihood -= 0.5 * (Math.log(2 * Math.PI * total) + (innovation * innovation) / total);
    const gain0 = p00 / total;
    const gain1 = p01 / total;
    level += gain0 * innovation;
    slope += gain1 * innovation;
    // Joseph form, written out.
    const keep = 1 - gain0;
    p11 += gain1 * (gain1 * total - 2 * p01);
    p01 = keep * (p01 - gain1 * p00) + gain0 * gain1 * reading.variance;
    p00 = keep * keep * p00 + gain0 * gain0 * reading.variance;
  }
  return {
    belief: { at, level, slope, covariance: [p00, p01, p11], roughness: q, weight: 1 },
    logLikelihood,
  };
}

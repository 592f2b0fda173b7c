import { TwinError } from "../errors.ts";

/**
 * A bounded parameter θ as an unbounded coordinate z: an optimiser or sampler moves z freely and no bound is ever clipped.
 *
 * A density of θ becomes one of z by the Jacobian: ln p(z) = ln p(θ) + ln |dθ/dz|.
 */
export interface Transform {
  /** Open interval of θ. */
  readonly low: number;
  readonly high: number;
  toNatural(z: number): number;
  /** @throws {TwinError} OUT_OF_BOUNDS when θ is not strictly inside. */
  fromNatural(theta: number): number;
  /** dθ/dz, > 0. */
  slope(z: number): number;
  /** ln dθ/dz. */
  logSlope(z: number): number;
  /** Distance in z over which a model usually changes in kind: |z| without bounds, 1 for logarithms; 0 = not known. */
  reach(z: number): number;
}

export const identity: Transform = {
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  toNatural: (z) => z,
  fromNatural: (theta) => inside(theta, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
  slope: () => 1,
  logSlope: () => 0,
  reach: Math.abs,
};

/** θ = low + e^z. */
export const above = (low: number): Transform => ({
  low,
  high: Number.POSITIVE_INFINITY,
  toNatural: (z) => low + Math.exp(z),
  fromNatural: (theta) => Math.log(inside(theta, low, Number.POSITIVE_INFINITY) - low),
  slope: Math.exp,
  logSlope: (z) => z,
  reach: () => 1,
});

/** θ = high − e^{−z}. */
export const below = (high: number): Transform => ({
  low: Number.NEGATIVE_INFINITY,
  high,
  toNatural: (z) => high - Math.exp(-z),
  fromNatural: (theta) => -Math.log(high - inside(theta, Number.NEGATIVE_INFINITY, high)),
  slope: (z) => Math.exp(-z),
  logSlope: (z) => -z,
  reach: () => 1,
});

/** θ = low + (high − low)/(1 + e^{−z}). */
export const between = (low: number, high: number): Transform => ({
  low,
  high,
  toNatural: (z) => (z > 0 ? high - (high - low) * logistic(-z) : low + (high - low) * logistic(z)),
  fromNatural: (theta) => Math.log((inside(theta, low, high) - low) / (high - theta)),
  slope: (z) => (high - low) * logistic(z) * logistic(-z),
  logSlope: (z) => Math.log(high - low) - Math.abs(z) - 2 * Math.log1p(Math.exp(-Math.abs(z))),
  reach: () => 1,
});

/** θ = e^z. */
export const log: Transform = above(0);

/** θ = 10^z: the scale on which kinetic parameters are usually reported. */
export const log10: Transform = {
  low: 0,
  high: Number.POSITIVE_INFINITY,
  toNatural: (z) => 10 ** z,
  fromNatural: (theta) => Math.log10(inside(theta, 0, Number.POSITIVE_INFINITY)),
  slope: (z) => Math.LN10 * 10 ** z,
  logSlope: (z) => Math.log(Math.LN10) + Math.LN10 * z,
  reach: () => Math.LOG10E,
};

/** The plainest transform whose interval is (low, high); infinities mean no bound. */
export function forBounds(low: number, high: number): Transform {
  if (!(low < high))
    throw new TwinError(
      "BAD_BOUNDS",
      `bounds [${low}, ${high}] hold no interval`,
      "expected low < high; ±Infinity for no bound",
    );
  if (low === Number.NEGATIVE_INFINITY) return high === Number.POSITIVE_INFINITY ? identity : below(high);
  return high === Number.POSITIVE_INFINITY ? above(low) : between(low, high);
}

const logistic = (z: number): number => 1 / (1 + Math.exp(-z));

function inside(theta: number, low: number, high: number): number {
  if (theta > low && theta < high) return theta;
  throw new TwinError(
    "OUT_OF_BOUNDS",
    `${theta} does not lie strictly between ${low} and ${high}`,
    "start inside the bounds: a bounded parameter reaches its bound only in the limit",
  );
}

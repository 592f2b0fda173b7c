import { checkedChoice } from "../../choice.ts";
import { TwinError } from "../../errors.ts";
import { chiSquaredQuantile } from "../../probability/chi-squared.ts";
import { logGamma } from "../../probability/gamma-function.ts";
import { LOG_TWO_PI } from "../../probability/normal.ts";
import { checkedCount, checkedPositive } from "./arrays.ts";

/** "reacquire": take it, and widen the belief first so that it is no surprise. */
export type Verdict = "take" | "leave" | "reacquire";

/** How a filter treats readings that do not fit; what it remembers of one series. */
export interface RobustRun {
  /** Whether a gate judges whole rows or single scalars; absent where every reading is taken. */
  readonly scope?: "output" | "row";
  /** @param key the output, or −1 for a row. */
  verdict?(key: number, nis: number, size: number): Verdict;
  /** Variance to take a scalar with, at least `noise`. `spread` is zᵀPz. */
  noiseFor?(innovation: number, spread: number, noise: number): number;
  /** What a scalar adds to the log-likelihood; the Gaussian density when absent. */
  logDensity?(innovation: number, spread: number, noise: number): number;
}

export interface Robust {
  readonly begin: () => RobustRun;
}

export interface GateOptions {
  /** Share of healthy readings that pass; 0.9999 when absent. */
  readonly probability?: number;
  /** After this many in a row left out, the next one is believed: a jump is not an outlier. 5 when absent. */
  readonly reacquireAfter?: number;
  /** Judge each output by itself (χ² of one degree; the default), or the row together (χ² of its size). */
  readonly scope?: "output" | "row";
}

/**
 * Leaves readings out whose normalised innovation squared is beyond a χ² quantile. When `reacquireAfter` in a row were left
 * out, the belief is widened by the factor NIS/size and the reading taken. In the log-likelihood a reading outside counts as
 * one at the gate, so that a fit gains nothing by leaving more out.
 *
 * @throws {TwinError} BAD_VALUE, BAD_OPTION.
 * @see Bar-Shalom, Li & Kirubarajan (2001), Estimation with Applications to Tracking and Navigation, §5.4.
 */
export function gate({
  probability = 0.9999,
  reacquireAfter = 5,
  scope = "output",
}: GateOptions = {}): Robust {
  if (!(probability > 0 && probability < 1))
    throw new TwinError("BAD_VALUE", `the gate's probability is ${probability}`, "expected 0 < p < 1");
  checkedChoice(scope, ["output", "row"], "the scope of the gate");
  checkedCount(reacquireAfter, 1, "the number of rejections before re-acquiring");
  const limits = new Map<number, number>();
  const limitFor = (size: number): number => {
    const limit = limits.get(size) ?? chiSquaredQuantile(probability, size);
    limits.set(size, limit);
    return limit;
  };
  const single = limitFor(1);
  return {
    begin: () => {
      const leftOut = new Map<number, number>();
      return {
        scope,
        verdict: (key, nis, size) => {
          const before = leftOut.get(key) ?? 0;
          const isOutside = !(nis <= limitFor(size));
          const verdict = !isOutside ? "take" : before >= reacquireAfter ? "reacquire" : "leave";
          leftOut.set(key, verdict === "leave" ? before + 1 : 0);
          return verdict;
        },
        logDensity: (innovation, spread, noise) => {
          const variance = spread + noise;
          return (
            -0.5 * (LOG_TWO_PI + Math.log(variance) + Math.min((innovation / variance) * innovation, single))
          );
        },
      };
    },
  };
}

/**
 * Huber's update: a reading pulls with at most k standard deviations of its noise, however far away it is.
 *
 *     minimise ρ((y − zᵀx)/√r) + ½ (x − m)ᵀP⁻¹(x − m),  ρʹ(u) = max(−k, min(u, k))
 *
 * In closed form for a scalar: beyond |v| = k √r (1 + s/r), s = zᵀPz, the reading is taken with variance √r |v|/k − s.
 * Its log-likelihood contribution is linear out there, up to a constant.
 *
 * @param options.threshold k; 1.345 when absent (95 % efficient on Gaussian noise).
 * @throws {TwinError} BAD_VALUE.
 * @see Huber (1981), Robust Statistics, §7; Masreliez & Martin (1977), IEEE Trans. Automatic Control 22(3).
 */
export function huber({ threshold = 1.345 }: { readonly threshold?: number } = {}): Robust {
  const k = checkedPositive(threshold, "Huber's threshold");
  return {
    begin: () => ({
      noiseFor: (innovation, spread, noise) =>
        Math.max(noise, (Math.sqrt(noise) * Math.abs(innovation)) / k - spread),
      logDensity: (innovation, spread, noise) => {
        const variance = spread + noise;
        const z = Math.abs(innovation) / Math.sqrt(variance);
        const cost = z <= k ? 0.5 * z * z : k * z - 0.5 * k * k;
        return -0.5 * (LOG_TWO_PI + Math.log(variance)) - cost;
      },
    }),
  };
}

/** Fixed-point rounds for a weight; it settles to 1e-12 long before. */
const ROUNDS = 100;

/**
 * Readings with Student-t noise: a Gaussian of random precision λ, λ found together with the state (variational Bayes).
 *
 *     y = zᵀx + v,  v ~ t_ν(0, r):   λ = (ν + 1)/(ν + E[(y − zᵀx)²]/r),  taken with variance r/λ, until λ settles
 *
 * r is the squared *scale* of the t distribution; its variance is r ν/(ν − 2). The log-likelihood uses t_ν with squared scale
 * zᵀPz + r for the innovation, an approximation that is exact for ν → ∞. With R correlated, the decorrelated components are
 * taken as independent.
 *
 * @param options.freedom ν > 0; 3 to 5 suits most sensors.
 * @throws {TwinError} BAD_VALUE.
 * @see Agamennoni, Nieto & Nebot (2012), IEEE Trans. Signal Processing 60(10).
 */
export function studentT({ freedom }: { readonly freedom: number }): Robust {
  const nu = checkedPositive(freedom, "the degrees of freedom");
  const constant = logGamma((nu + 1) / 2) - logGamma(nu / 2) - 0.5 * Math.log(nu * Math.PI);
  const noiseFor = (innovation: number, spread: number, noise: number): number => {
    let weight = 1;
    for (let round = 0; round < ROUNDS; round++) {
      const variance = spread + noise / weight;
      const residual = (innovation * noise) / (weight * variance);
      const left = (spread * noise) / (weight * variance);
      const next = (nu + 1) / (nu + (residual * residual + left) / noise);
      if (Math.abs(next - weight) <= 1e-12 * weight) return noise / next;
      weight = next;
    }
    return noise / weight;
  };
  return {
    begin: () => ({
      noiseFor,
      logDensity: (innovation, spread, noise) => {
        const variance = spread + noise;
        const square = (innovation / variance) * innovation;
        return constant - 0.5 * Math.log(variance) - 0.5 * (nu + 1) * Math.log1p(square / nu);
      },
    }),
  };
}

/** Variance of rounding to a step: readings spread evenly over it. Add it to R, or a still signal makes the filter deaf. */
export const quantisationVariance = (step: number): number => (step * step) / 12;

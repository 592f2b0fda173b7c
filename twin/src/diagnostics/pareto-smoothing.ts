import { TwinError } from "../errors.ts";
import { entry } from "../linear-algebra/matrix.ts";
import { logSumExp } from "../probability/log-sum-exp.ts";
import { fitGeneralisedPareto, generalisedParetoQuantile } from "./generalised-pareto.ts";

export interface SmoothedWeights {
  /** ln w, S, normalised: Σ w = 1. */
  readonly logWeights: Float64Array;
  /** k of the tail's generalised Pareto distribution; ∞ where the tail is too short or does not vary. */
  readonly paretoShape: number;
  /** Largest shape at which S draws give an estimate to be relied on: min(1 − 1/log₁₀ S, 0.7). */
  readonly limit: number;
  readonly reliable: boolean;
}

const FEWEST_IN_TAIL = 5;

/**
 * Pareto-smoothed importance weights: the largest M = min(S/5, 3√(S/r)) ratios are replaced by the expected order statistics of
 * a generalised Pareto distribution fitted to them, none above the largest raw ratio. The shape tells how far the estimate
 * may be trusted: above `limit` not, above 1 not even its mean exists.
 *
 * @param logRatios ln of the unnormalised ratios, S, finite or −∞.
 * @param relativeEfficiency r: effective over actual draws of the ratios' denominator; 1 for independent draws.
 * @see Vehtari, Simpson, Gelman, Yao & Gabry (2024), JMLR 25(72), algorithm 1 and §3.2.4.
 */
export function paretoSmoothedWeights(logRatios: ArrayLike<number>, relativeEfficiency = 1): SmoothedWeights {
  const size = logRatios.length;
  const largest = largestOf(logRatios, relativeEfficiency);
  const logWeights = Float64Array.from(logRatios, (ratio) => ratio - largest);
  const tailSize = Math.ceil(Math.min(size / 5, 3 * Math.sqrt(size / relativeEfficiency)));
  const paretoShape = tailSize < FEWEST_IN_TAIL ? Number.POSITIVE_INFINITY : smoothTail(logWeights, tailSize);
  const total = logSumExp(logWeights);
  const limit = Math.min(1 - 1 / Math.log10(size), 0.7);
  return {
    logWeights: logWeights.map((weight) => weight - total),
    paretoShape,
    limit,
    reliable: paretoShape <= limit,
  };
}

/** Smooths in place; gives the shape. */
function smoothTail(logWeights: Float64Array, tailSize: number): number {
  const order = Uint32Array.from(logWeights, (_, index) => index).sort(
    (left, right) => entry(logWeights, left) - entry(logWeights, right),
  );
  const tail = order.subarray(order.length - tailSize);
  const cutoff = entry(logWeights, entry(order, order.length - tailSize - 1));
  const threshold = Math.exp(cutoff);
  const exceedances = Float64Array.from(tail, (index) => Math.exp(entry(logWeights, index)) - threshold);
  if (!(entry(exceedances, 0) < entry(exceedances, tailSize - 1))) return Number.POSITIVE_INFINITY;
  const fit = fitGeneralisedPareto(exceedances);
  if (!Number.isFinite(fit.shape)) return fit.shape;
  for (const [place, index] of tail.entries()) {
    const smoothed = generalisedParetoQuantile(fit, (place + 0.5) / tailSize) + threshold;
    logWeights[index] = Math.min(Math.log(smoothed), 0);
  }
  return fit.shape;
}

function largestOf(logRatios: ArrayLike<number>, relativeEfficiency: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let draw = 0; draw < logRatios.length; draw++) {
    const ratio = entry(logRatios, draw);
    if (Number.isNaN(ratio) || ratio === Number.POSITIVE_INFINITY)
      throw new TwinError(
        "BAD_WEIGHT",
        `log ratio ${draw} is ${ratio}`,
        "log ratios are finite, or −∞ for weight 0",
      );
    largest = Math.max(largest, ratio);
  }
  if (largest === Number.NEGATIVE_INFINITY || !(relativeEfficiency > 0))
    throw new TwinError(
      "BAD_WEIGHT",
      `${logRatios.length} log ratios without a finite one, or an efficiency of ${relativeEfficiency}`,
      "at least one weight above 0 and a positive efficiency are needed",
    );
  return largest;
}

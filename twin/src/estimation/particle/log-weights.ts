import { logSumExp } from "../../probability/log-sum-exp.ts";

/** What normalising a set of log weights gave. */
export interface Normalised {
  /** ln Σ exp(w_i) of the weights as they were; −∞ when all were. */
  readonly logTotal: number;
  /** 1/Σ W_i², 1 … N: how many equal weights would be as even. */
  readonly effectiveSize: number;
}

/**
 * log weights w → w − ln Σ exp(w), and `weights` ← their exponentials, by the largest one, so that nothing overflows and
 * what underflows is less than 1e-300 of it. When all are −∞ nothing is changed.
 */
export function normaliseLogWeights(logWeights: Float64Array, weights: Float64Array): Normalised {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < logWeights.length; index++)
    if ((logWeights[index] as number) > largest) largest = logWeights[index] as number;
  if (largest === Number.NEGATIVE_INFINITY) return { logTotal: largest, effectiveSize: 0 };
  let total = 0;
  for (let index = 0; index < logWeights.length; index++) {
    const weight = Math.exp((logWeights[index] as number) - largest);
    weights[index] = weight;
    total += weight;
  }
  const logTotal = largest + Math.log(total);
  const scale = 1 / total;
  let squares = 0;
  for (let index = 0; index < logWeights.length; index++) {
    const weight = scale * (weights[index] as number);
    weights[index] = weight;
    squares += weight * weight;
    logWeights[index] = (logWeights[index] as number) - logTotal;
  }
  return { logTotal, effectiveSize: 1 / squares };
}

/** (Σ w)²/Σ w² of the weights e^{x_i}, as they are: 0 when all are zero. */
export function effectiveSize(logWeights: ArrayLike<number>): number {
  const total = logSumExp(logWeights);
  if (total === Number.NEGATIVE_INFINITY) return 0;
  let squares = 0;
  for (let index = 0; index < logWeights.length; index++)
    squares += Math.exp(2 * ((logWeights[index] as number) - total));
  return 1 / squares;
}

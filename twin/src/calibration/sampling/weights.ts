import { logSumExp } from "../../probability/log-sum-exp.ts";
import type { Dice } from "../../random/dice.ts";

export const logMeanExp = (values: ArrayLike<number>): number => logSumExp(values) - Math.log(values.length);

/** (Σ w)²/Σ w² of weights e^{x_i}: 0 when all are zero. */
export function effectiveSize(logWeights: ArrayLike<number>): number {
  const largest = logSumExp(logWeights);
  if (largest === Number.NEGATIVE_INFINITY) return 0;
  let squares = 0;
  for (let index = 0; index < logWeights.length; index++)
    squares += Math.exp(2 * ((logWeights[index] as number) - largest));
  return 1 / squares;
}

/**
 * Indices drawn in proportion to e^{x_i}: one uniform, `count` evenly spaced pointers.
 * @see Carpenter, Clifford & Fearnhead (1999), IEE Proc. Radar 146(1).
 */
export function systematicIndices(logWeights: ArrayLike<number>, count: number, dice: Dice): Int32Array {
  const total = logSumExp(logWeights);
  const indices = new Int32Array(count);
  const offset = dice.uniform();
  let index = 0;
  let reached = Math.exp((logWeights[0] as number) - total);
  let lastPossible = 0;
  for (let pointer = 0; pointer < count; pointer++) {
    const wanted = (pointer + offset) / count;
    while (reached < wanted && index < logWeights.length - 1) {
      index++;
      const weight = Math.exp((logWeights[index] as number) - total);
      if (weight > 0) lastPossible = index;
      reached += weight;
    }
    // Round-off may leave the sum short of 1: never end on a point of weight zero.
    indices[pointer] = Math.exp((logWeights[index] as number) - total) > 0 ? index : lastPossible;
  }
  return indices;
}

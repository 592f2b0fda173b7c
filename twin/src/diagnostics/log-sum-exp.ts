import { entry } from "../linear-algebra/matrix.ts";

/** ln Σ exp(x_i) without overflow; −∞ of nothing. */
export function logSumExp(values: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) largest = Math.max(largest, entry(values, index));
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += Math.exp(entry(values, index) - largest);
  return largest + Math.log(sum);
}

/** ln Σ e^{aᵢ} without overflow; −∞ of nothing, NaN if one is among them. */
export function logSumExp(logs: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < logs.length; index++) largest = Math.max(largest, logs[index] as number);
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let index = 0; index < logs.length; index++) sum += Math.exp((logs[index] as number) - largest);
  return largest + Math.log(sum);
}

/** ln of the mean of e^{aᵢ}: the evidence of log weights. */
export const logMeanExp = (logs: ArrayLike<number>): number => logSumExp(logs) - Math.log(logs.length);

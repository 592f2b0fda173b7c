import { TwinError } from "../../errors.ts";

/**
 * ρ of a squared residual s = r²: what the descent sums instead of s, so that outliers pull less.
 *
 *     huber(k):   ρ = s for s ≤ k², 2k√s − k² beyond          cauchy(k):  ρ = k² ln(1 + s/k²)
 *
 * Residuals count in units of the declared noise, so a robust loss needs `noise`. Weights are ρ′(s); the step treats them
 * as constant (iteratively reweighted), which keeps JᵀWJ positive.
 * @see Huber (1981), Robust Statistics, §7; Triggs et al. (2000), "Bundle adjustment: a modern synthesis", §4.3.
 */
export interface RobustLoss {
  readonly kind: "huber" | "cauchy";
  /** k, in standard deviations: 1.345 (Huber) and 2.385 (Cauchy) lose 5 % efficiency on Gaussian noise. */
  readonly at: number;
}

export function checkLoss({ kind, at }: RobustLoss, noiseGiven: boolean): void {
  if (!noiseGiven)
    throw new TwinError(
      "BAD_LOSS",
      `a ${kind} loss for observations without a declared noise`,
      "give `noise`: the loss counts residuals in standard deviations",
    );
  if (at > 0 && Number.isFinite(at)) return;
  throw new TwinError(
    "BAD_LOSS",
    `the ${kind} loss bends at ${at} standard deviations`,
    "expected a positive number, usually 1 to 3",
  );
}

export function lossOf(residual: number, loss: RobustLoss | undefined): number {
  const squared = residual * residual;
  if (!loss) return squared;
  const k2 = loss.at * loss.at;
  if (loss.kind === "cauchy") return k2 * Math.log1p(squared / k2);
  return squared <= k2 ? squared : 2 * loss.at * Math.abs(residual) - k2;
}

/** ρ′(r²), in (0, 1]. */
export function weightOf(residual: number, loss: RobustLoss | undefined): number {
  if (!loss) return 1;
  if (loss.kind === "cauchy") return 1 / (1 + (residual / loss.at) ** 2);
  return Math.abs(residual) <= loss.at ? 1 : loss.at / Math.abs(residual);
}

import { TwinError } from "../errors.ts";

export interface ConvergeOptions {
  /** Relative tolerance of the first evaluation; default 1e-6. */
  readonly loosest?: number;
  /** Default 1e-13: beyond it round-off rules. */
  readonly tightest?: number;
  /** Share of the tolerance that is kept from one evaluation to the next; default 0.1. */
  readonly ratio?: number;
  /** A change of the value that does not matter; default 1e-7. */
  readonly epsilon?: number;
}

export interface Converged {
  readonly value: number;
  /** Whether the last tightening moved the value by less than `epsilon`. */
  readonly converged: boolean;
  /** Size of the last move; NaN when there was none to compare. */
  readonly change: number;
  readonly tolerance: number;
  /** Every evaluation, failed ones with NaN. */
  readonly trace: readonly { readonly tolerance: number; readonly value: number }[];
}

/**
 * Tightens a solver's tolerance until a number that is computed with it, such as a log-likelihood, stops moving.
 *
 * A single comparison may agree by chance; the trace shows whether the moves shrink. A value that throws or is not finite
 * is no value: the next tolerance is tried.
 */
export function converge(value: (tolerance: number) => number, options: ConvergeOptions = {}): Converged {
  const { loosest = 1e-6, tightest = 1e-13, ratio = 0.1, epsilon = 1e-7 } = options;
  if (!(loosest > 0 && tightest > 0 && tightest <= loosest && ratio > 0 && ratio < 1 && epsilon > 0))
    throw new TwinError(
      "BAD_OPTION",
      `tolerances from ${loosest} to ${tightest} by ${ratio}, epsilon ${epsilon}`,
      "expected 0 < tightest ≤ loosest, 0 < ratio < 1 and epsilon > 0",
    );
  const trace: { tolerance: number; value: number }[] = [];
  let before = Number.NaN;
  let change = Number.NaN;
  let tolerance = loosest;
  for (; ; tolerance = Math.max(tolerance * ratio, tightest)) {
    const now = valueOrNaN(value, tolerance);
    trace.push({ tolerance, value: now });
    change = Math.abs(now - before);
    before = now;
    if (change < epsilon || tolerance === tightest) break;
  }
  return { value: before, converged: change < epsilon, change, tolerance, trace };
}

function valueOrNaN(value: (tolerance: number) => number, tolerance: number): number {
  try {
    const result = value(tolerance);
    return Number.isFinite(result) ? result : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

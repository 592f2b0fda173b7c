/**
 * What the passes of one, two and three states work on: the recursions of `unit-factor.ts` (Bierman's and Thornton's) with
 * P = U D Uᵀ, written out, so that no start is too vague and no run too long for them. Each has its own loop, because a loop
 * that is shared is not inlined.
 */
export interface SmallWork {
  /** Innovation v and its variance f; the mean; D; the strict upper triangle of U by rows. */
  readonly state: Float64Array;
  /** z. */
  readonly row: Float64Array;
  /** r. */
  readonly variance: number;
  /** F by rows; D, then U, of Q. */
  readonly transitions: readonly Float64Array[];
  readonly noises: readonly Float64Array[];
  readonly readings: Float64Array;
  readonly steps: ArrayLike<number> | undefined;
  /** Called after each reading, whether it was there or not, when something is to be kept of it. */
  readonly keep: ((t: number, seen: boolean) => void) | undefined;
}

export interface SmallSums {
  readonly squares: number;
  readonly present: number;
  /** Σ ln f, taken as the logarithm of products that neither overflow nor vanish. */
  readonly logs: number;
}

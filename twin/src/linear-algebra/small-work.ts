/**
 * What the runs of one, two and three states work on: the recursions of `unit-factor.ts` (Bierman's and Thornton's) with
 * P = U D Uᵀ, written out, so that no start is too vague and no series too long for them.
 *
 * A run is a stretch of equal steps: for each reading of it, time passes, then the reading is taken in. Between runs the
 * belief lies in `state`, within a run in local variables, which is where the speed comes from.
 */
export interface SmallWork {
  readonly state: Float64Array;
  /** z. */
  readonly row: Float64Array;
  /** r. */
  readonly variance: number;
  /** F by rows; D, then the strict upper triangle of U by rows, of Q. */
  readonly transitions: readonly Float64Array[];
  readonly noises: readonly Float64Array[];
  /** NaN = missing. */
  readonly readings: Float64Array;
}

export type Run = (work: SmallWork, step: number, from: number, to: number) => void;

/** The head of every state; after it stand the mean, D, and the strict upper triangle of U by rows. */
export type Sums = [
  /** Σ v²/f; Σ ln f = logs + ln product, the product being kept from overflowing; how many readings were there. */
  ...[squares: number, logs: number, product: number, present: number],
  /** Of the last reading; v is NaN when it is missing. */
  ...[innovation: number, innovationVariance: number],
];
export const HEAD = 6;

/** Puts a product away into the sum of logarithms before it overflows or vanishes. */
export const inRange = (product: number): boolean => product < 1e100 && product > 1e-100;

export function storeSums(
  state: Sums | [...Sums, ...number[]],
  squares: number,
  logs: number,
  product: number,
  present: number,
): void {
  state[0] = squares;
  state[1] = logs;
  state[2] = product;
  state[3] = present;
}

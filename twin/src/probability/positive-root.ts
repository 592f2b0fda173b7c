import { TwinError } from "../errors.ts";

interface LogPoint {
  /** Increasing in x; 0 at the root. */
  readonly gap: number;
  /** d gap/d ln x. */
  readonly slope: number;
}

/**
 * The x in (0, high) where `gap` is 0: Newton's steps in ln x, kept inside a bracket that only shrinks.
 * Ends where a step no longer shrinks, which is where `gap` is rounding.
 */
export function positiveRoot(
  at: (x: number) => LogPoint,
  start: number,
  high: number = Number.MAX_VALUE,
): number {
  let floor = 1e-307;
  let ceiling = high;
  let x = Math.min(Math.max(start, floor), ceiling);
  let previous = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2000; round++) {
    const { gap, slope } = at(x);
    if (gap === 0) return x;
    if (gap > 0) ceiling = x;
    else floor = x;
    const step = -gap / slope;
    const size = Math.abs(step);
    if (size < 1e-16 || (size < 1e-9 && size >= previous)) return x;
    previous = size;
    const next = x + x * Math.expm1(step);
    if (next > floor && next < ceiling) x = next;
    else if (ceiling / floor < 1 + 4 * Number.EPSILON) return x;
    else {
      x = Math.sqrt(floor) * Math.sqrt(ceiling);
      previous = Number.POSITIVE_INFINITY;
    }
  }
  throw new TwinError(
    "NO_CONVERGENCE",
    `no quantile was found between ${floor} and ${ceiling}`,
    "expected shape parameters between about 1e-8 and 1e8",
  );
}

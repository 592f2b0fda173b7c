/** A point with its gradient. */
export interface LinePoint {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface LineProblem {
  readonly start: LinePoint;
  readonly direction: Float64Array;
  /** Derivative along the direction at the start; negative. */
  readonly slope: number;
  /** First length to try. */
  readonly first: number;
  /** What the value may rise by noise alone. */
  readonly slack: number;
  readonly value: (length: number) => number;
  readonly point: (length: number, value: number) => LinePoint;
}

const SUFFICIENT = 1e-4;
const CURVATURE = 0.9;
const TRIALS = 40;

/**
 * A step that meets the weak Wolfe conditions, by bracketing: a length that gains too little is an upper end, one after which
 * the function still falls steeply a lower end. The gradient is only asked for where the value is good enough.
 *
 *     f(x + αp) ≤ f(x) + c₁ α fʹ,   fʹ(x + αp) ≥ c₂ fʹ,   c₁ = 10⁻⁴, c₂ = 0.9
 *
 * @returns undefined when 40 trials find none; the last point that gained enough is then as good as it gets.
 * @see Lewis & Overton (2013), Math. Programming 141, §2; Nocedal & Wright (2006), §3.1.
 */
export function wolfeSearch({
  start,
  direction,
  slope,
  first,
  slack,
  value,
  point,
}: LineProblem): LinePoint | undefined {
  if (!(slope < 0)) return undefined;
  let [low, high, length] = [0, Number.POSITIVE_INFINITY, first];
  let best: LinePoint | undefined;
  for (let trial = 0; trial < TRIALS; trial++) {
    const reached = value(length);
    if (reached === Number.NEGATIVE_INFINITY) return point(length, reached);
    if (!(reached <= start.value + SUFFICIENT * length * slope + slack)) {
      high = length;
      length = low + shrink(reached - start.value, slope * length) * (high - low);
    } else {
      const here = point(length, reached);
      const slopeHere = along(here.gradient, direction);
      if (!Number.isNaN(slopeHere)) {
        if (best === undefined || here.value <= best.value) best = here;
        if (slopeHere >= CURVATURE * slope) return here;
      }
      low = length;
      length = Number.isFinite(high) ? (low + high) / 2 : 2 * low;
    }
    if (high - low <= 1e-14 * low) break;
  }
  return best;
}

/** Where in the interval the parabola through f, fʹ and the failed value has its minimum; a tenth after a failure. */
function shrink(rise: number, slopeTimesLength: number): number {
  if (!Number.isFinite(rise)) return 0.1;
  const share = -slopeTimesLength / (2 * (rise - slopeTimesLength));
  return Math.min(Math.max(share, 0.1), 0.5);
}

function along(gradient: Float64Array, direction: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < gradient.length; index++)
    sum += (gradient[index] as number) * (direction[index] as number);
  return sum;
}

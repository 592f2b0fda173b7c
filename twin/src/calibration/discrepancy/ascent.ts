import { dot, entry, Matrix, timesVector } from "../../linear-algebra/matrix.ts";

/** A function to climb: its value at x, its gradient into `gradient`. Not finite = no value there. */
export type Climbable = (x: Float64Array, gradient: Float64Array) => number;

export interface Summit {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  /** Whether the predicted gain of a further step fell below `enough`. */
  readonly converged: boolean;
}

export interface AscentOptions {
  readonly iterations?: number;
  /** Gain that is not worth a step; default 1e-10. */
  readonly enough?: number;
  /** Longest step in any coordinate; default 2. */
  readonly longest?: number;
}

/** Share of the predicted gain that a step must make good, and how often it may be halved. */
const SUFFICIENT = 1e-4;
const HALVINGS = 40;

/**
 * A maximum by quasi-Newton steps (BFGS) with a backtracking line search; −∞ and NaN shorten the step.
 *
 * A local maximum: start from several points where there may be more than one.
 * @see Nocedal & Wright (2006), Numerical Optimization, §6.1.
 */
export function ascend(climb: Climbable, start: Float64Array, options: AscentOptions = {}): Summit {
  const { iterations = 200, enough = 1e-10, longest = 2 } = options;
  let x = start.slice();
  let gradient = new Float64Array(x.length);
  let value = climb(x, gradient);
  let inverse = scaledIdentity(gradient);
  let fresh = true;
  for (let iteration = 0; iteration < iterations && Number.isFinite(value); iteration++) {
    const step = shortened(timesVector(inverse, gradient), longest);
    const gain = dot(step, gradient);
    if (gain / 2 < enough) return { x, value, gradient, converged: true };
    const next = search(climb, x, value, step, gain);
    if (next === undefined) {
      // The curvature learnt so far may be wrong here; steepest ascent is the last resort.
      if (fresh) return { x, value, gradient, converged: gain < Math.sqrt(enough) };
      inverse = scaledIdentity(gradient);
      fresh = true;
      continue;
    }
    learn(inverse, x, gradient, next.x, next.gradient);
    fresh = false;
    ({ x, value, gradient } = next);
  }
  return { x, value, gradient, converged: false };
}

function search(
  climb: Climbable,
  x: Float64Array,
  value: number,
  step: Float64Array,
  gain: number,
): { x: Float64Array<ArrayBuffer>; value: number; gradient: Float64Array<ArrayBuffer> } | undefined {
  const gradient = new Float64Array(x.length);
  let share = 1;
  for (let halving = 0; halving < HALVINGS; halving++, share /= 2) {
    const next = Float64Array.from(x, (coordinate, index) => coordinate + share * entry(step, index));
    const reached = climb(next, gradient);
    if (reached >= value + SUFFICIENT * share * gain && Number.isFinite(reached))
      return { x: next, value: reached, gradient };
  }
  return undefined;
}

/** H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ for the negative function; left alone where the curvature has the wrong sign. */
function learn(
  inverse: Matrix,
  x: Float64Array,
  gradient: Float64Array,
  nextX: Float64Array,
  nextGradient: Float64Array,
): void {
  const s = nextX.map((value, index) => value - entry(x, index));
  const y = gradient.map((value, index) => value - entry(nextGradient, index));
  const curvature = dot(s, y);
  if (!(curvature > 1e-12 * Math.sqrt(dot(s, s) * dot(y, y)))) return;
  const hy = timesVector(inverse, y);
  const factor = (1 + dot(y, hy) / curvature) / curvature;
  for (let row = 0; row < s.length; row++)
    for (let other = 0; other < s.length; other++) {
      const cross = entry(hy, row) * entry(s, other) + entry(s, row) * entry(hy, other);
      inverse.add(row, other, factor * entry(s, row) * entry(s, other) - cross / curvature);
    }
}

function scaledIdentity(gradient: Float64Array): Matrix {
  const size = Math.sqrt(dot(gradient, gradient));
  return Matrix.diagonal(gradient.map(() => 1 / Math.max(size, 1)));
}

function shortened(step: Float64Array, longest: number): Float64Array {
  const size = step.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return size > longest ? step.map((value) => (value * longest) / size) : step;
}

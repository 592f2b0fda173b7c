import type { Matrix } from "../linear-algebra/matrix.ts";

/** Writes f(x) into `out`; false when the model has no value there. */
export type VectorFunction = (x: Float64Array, out: Float64Array) => boolean;

/** What differences must know of a function so that their steps are honest. */
export interface DifferenceSettings {
  /** Distance in each argument over which f changes in kind, p, all positive. A guess within a factor of 100 will do. */
  readonly reach: Float64Array;
  /** Root of the summed variances of f's own errors: rounding, solver tolerance (see `measureNoise`). */
  readonly noise: number;
  /** Arguments stay within; one-sided differences at a limit. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
}

/** First step of the ladder, and how often it may be halved. */
const FIRST_STEP = 0.05;
const LEVELS = 16;
/** Orders of extrapolation beyond the plain quotient. */
const DEPTH = 5;
/** A limit nearer than this share of the first step makes differences one-sided. */
const ROOM = 0.02;
/** Until two estimates agree to this, growing differences only say that the ladder's first steps were too long. */
const SETTLED = 1e-3;

/**
 * ∂f/∂x, n × p, by one difference each: the step balances the noise of f against its third derivative, taken as f/reach³.
 *
 *     h = reach · (noise/‖f‖)^{1/3},   relative error ≈ (noise/‖f‖)^{2/3}
 *
 * @param value f(x), n.
 * @returns false when a run failed on both sides of an argument.
 * @see Gill, Murray & Wright (1981), Practical Optimization, §8.6.
 */
export function centralJacobian(
  f: VectorFunction,
  x: Float64Array,
  value: Float64Array,
  settings: DifferenceSettings,
  out: Matrix,
): boolean {
  const relative = Math.cbrt(Math.min(1e-3, Math.max(1e-16, settings.noise / (norm(value) || 1))));
  const quotient = new Quotient(f, x, value, settings);
  const column = new Float64Array(value.length);
  for (let index = 0; index < x.length; index++) {
    const step = relative * (settings.reach[index] as number);
    if (!quotient.at(index, step, quotient.side(index, step), column)) return false;
    writeColumn(out, index, column);
  }
  return true;
}

/**
 * ∂f/∂x, n × p, by differences on a ladder of halved steps, extrapolated to step 0 (Romberg's table: errors of order
 * h², h⁴, …; h, h², … where a limit makes them one-sided). Of all estimates the one is taken whose error is least:
 *
 *     error = |estimate − its two parents| + noise/(√2 h)
 *
 * The second term is what a plain ladder lacks: rounding makes estimates at tiny steps agree on a wrong value, and a step
 * below the model's solver tolerance differentiates the tolerance.
 *
 * @param value f(x), n.
 * @param errors ← estimated ‖error‖ of each column, p; ∞ when only one step could be taken.
 * @returns false when no step of an argument had values.
 * Runs: 2 per argument and level, 8–12 for a smooth function.
 * @see Ridders (1982), Adv. Eng. Software 4(2); Moré & Wild (2012), ACM Trans. Math. Softw. 38(3).
 */
export function extrapolatedJacobian(
  f: VectorFunction,
  x: Float64Array,
  value: Float64Array,
  settings: DifferenceSettings,
  out: Matrix,
  errors: Float64Array,
): boolean {
  const quotient = new Quotient(f, x, value, settings);
  const ladder = new Ladder(value.length);
  for (let index = 0; index < x.length; index++) {
    errors[index] = ladder.climb(quotient, index);
    if (Number.isNaN(errors[index])) return false;
    writeColumn(out, index, ladder.best);
  }
  return true;
}

const CENTRAL = 0;

/** Difference quotients of f at x along one argument. */
class Quotient {
  readonly settings: DifferenceSettings;
  readonly #f: VectorFunction;
  readonly #x: Float64Array;
  readonly #value: Float64Array;
  readonly #moved: Float64Array;
  readonly #forward: Float64Array;
  readonly #backward: Float64Array;

  constructor(f: VectorFunction, x: Float64Array, value: Float64Array, settings: DifferenceSettings) {
    this.settings = settings;
    this.#f = f;
    this.#x = x;
    this.#value = value;
    this.#moved = x.slice();
    this.#forward = new Float64Array(value.length);
    this.#backward = new Float64Array(value.length);
  }

  /** 0 where both sides have room for `step`, else the side that has more. */
  side(index: number, step: number): -1 | 0 | 1 {
    const x = this.#x[index] as number;
    const below = x - (this.settings.low?.[index] ?? Number.NEGATIVE_INFINITY);
    const above = (this.settings.high?.[index] ?? Number.POSITIVE_INFINITY) - x;
    if (Math.min(below, above) >= step) return CENTRAL;
    return above >= below ? 1 : -1;
  }

  /** The longest first step of a ladder, and its side. */
  start(index: number): { readonly step: number; readonly side: -1 | 0 | 1 } {
    const wanted = FIRST_STEP * (this.settings.reach[index] as number);
    const x = this.#x[index] as number;
    const below = x - (this.settings.low?.[index] ?? Number.NEGATIVE_INFINITY);
    const above = (this.settings.high?.[index] ?? Number.POSITIVE_INFINITY) - x;
    const room = Math.min(below, above);
    if (room >= ROOM * wanted) return { step: Math.min(wanted, room), side: CENTRAL };
    return { step: Math.min(wanted, Math.max(below, above)), side: above >= below ? 1 : -1 };
  }

  at(index: number, step: number, side: -1 | 0 | 1, out: Float64Array): boolean {
    const forward = side === -1 ? this.#value : this.#run(index, step, this.#forward);
    if (!forward) return false;
    const backward = side === 1 ? this.#value : this.#run(index, -step, this.#backward);
    if (!backward) return false;
    // The distance that rounding made of the step, not the step.
    const x = this.#x[index] as number;
    const distance = (side === -1 ? x : x + step) - (side === 1 ? x : x - step);
    for (let row = 0; row < out.length; row++)
      out[row] = ((forward[row] as number) - (backward[row] as number)) / distance;
    return true;
  }

  #run(index: number, step: number, out: Float64Array): Float64Array | undefined {
    const x = this.#x[index] as number;
    this.#moved[index] = x + step;
    const ran = this.#f(this.#moved, out);
    this.#moved[index] = x;
    return ran ? out : undefined;
  }
}

/** Romberg's table of vectors, row by row. */
class Ladder {
  readonly best: Float64Array;
  #current: Float64Array[];
  #previous: Float64Array[];

  constructor(size: number) {
    this.best = new Float64Array(size);
    const row = (): Float64Array[] => Array.from({ length: DEPTH + 1 }, () => new Float64Array(size));
    this.#current = row();
    this.#previous = row();
  }

  /** Leaves the best estimate in `best` and returns its error; NaN when no step had values. */
  climb(quotient: Quotient, index: number): number {
    const { step, side } = quotient.start(index);
    const rounding = quotient.settings.noise * (side === CENTRAL ? Math.SQRT1_2 : Math.SQRT2);
    let least = Number.NaN;
    let filled = 0;
    for (let level = 0; level < LEVELS; level++) {
      const shorter = step / 2 ** level;
      if (least <= rounding / shorter) break;
      [this.#current, this.#previous] = [this.#previous, this.#current];
      if (!quotient.at(index, shorter, side, at(this.#current, 0))) {
        filled = 0;
        continue;
      }
      if (Number.isNaN(least)) {
        this.best.set(at(this.#current, 0));
        least = Number.POSITIVE_INFINITY;
      }
      const growth = this.#extrapolate(Math.min(filled, DEPTH), side === CENTRAL ? 4 : 2);
      for (let order = 1; order <= Math.min(filled, DEPTH); order++) {
        const error = this.#disagreement(order) + rounding / shorter;
        if (error >= least) continue;
        least = error;
        this.best.set(at(this.#current, order));
      }
      filled++;
      if (growth > 4 * least && least < SETTLED * norm(this.best)) break;
    }
    return least;
  }

  /** Fills the current row; returns how far its last estimate moved from the row above. */
  #extrapolate(depth: number, base: number): number {
    for (let order = 1; order <= depth; order++) {
      const share = 1 / (base ** order - 1);
      const target = at(this.#current, order);
      const fine = at(this.#current, order - 1);
      const coarse = at(this.#previous, order - 1);
      for (let row = 0; row < target.length; row++)
        target[row] = (fine[row] as number) + share * ((fine[row] as number) - (coarse[row] as number));
    }
    return depth === 0 ? 0 : distance(at(this.#current, depth), at(this.#previous, depth - 1));
  }

  #disagreement(order: number): number {
    const estimate = at(this.#current, order);
    return Math.max(
      distance(estimate, at(this.#current, order - 1)),
      distance(estimate, at(this.#previous, order - 1)),
    );
  }
}

const at = (rows: readonly Float64Array[], index: number): Float64Array => rows[index] as Float64Array;

function writeColumn(matrix: Matrix, column: number, values: Float64Array): void {
  for (let row = 0; row < values.length; row++) matrix.set(row, column, values[row] as number);
}

function norm(values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] as number) ** 2;
  return Math.sqrt(sum);
}

function distance(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++)
    sum += ((left[index] as number) - (right[index] as number)) ** 2;
  return Math.sqrt(sum);
}

import { allFinite } from "../linear-algebra/finite.ts";
import { type Matrix, norm } from "../linear-algebra/matrix.ts";
import { Ladder } from "./ladder.ts";

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

/** First step of the ladder, a share of the reach. */
const FIRST_STEP = 0.05;
/** A limit nearer than this share of the first step makes differences one-sided. */
const ROOM = 0.02;

/**
 * ∂f/∂x, n × p, by one difference each: the step balances the noise of f against its third derivative, taken as f/reach³.
 *
 *     h = reach · (noise/‖f‖)^{1/3},   relative error ≈ (noise/‖f‖)^{2/3}
 *
 * @param value f(x), n.
 * @returns false when runs failed on both sides of an argument.
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
    // At the edge of where the model runs one side must do.
    if (![quotient.side(index, step), 1, -1].some((side) => quotient.at(index, step, side, column)))
      return false;
    writeColumn(out, index, column);
  }
  return true;
}

/**
 * ∂f/∂x, n × p, by differences on a ladder of halved steps, extrapolated to step 0 (see `Ladder`); one-sided where a
 * limit leaves no room. A column's rounding at step h is noise/(√2 h).
 *
 * @param value f(x), n.
 * @param errors ← estimated ‖error‖ of each column, p; ∞ when only one step could be taken.
 * @returns false when no step of an argument had values.
 * Runs: 2 per argument and level, 8–12 for a smooth function.
 * @see Moré & Wild (2012), ACM Trans. Math. Softw. 38(3), "Estimating derivatives of noisy simulations".
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
    const { step, side } = quotient.start(index);
    for (const one of [side, 1, -1]) {
      errors[index] = ladder.climb({
        first: step,
        base: one === CENTRAL ? 4 : 2,
        rounding: (shorter) => (settings.noise * (one === CENTRAL ? Math.SQRT1_2 : Math.SQRT2)) / shorter,
        quotient: (shorter, column) => quotient.at(index, shorter, one, column),
      });
      if (Number.isFinite(errors[index])) break;
    }
    if (Number.isNaN(errors[index])) return false;
    writeColumn(out, index, ladder.best);
  }
  return true;
}

const CENTRAL = 0;

/** Difference quotients of f at x along one argument. */
class Quotient {
  readonly #settings: DifferenceSettings;
  readonly #f: VectorFunction;
  readonly #x: Float64Array;
  readonly #value: Float64Array;
  readonly #moved: Float64Array;
  readonly #forward: Float64Array;
  readonly #backward: Float64Array;

  constructor(f: VectorFunction, x: Float64Array, value: Float64Array, settings: DifferenceSettings) {
    this.#settings = settings;
    this.#f = f;
    this.#x = x;
    this.#value = value;
    this.#moved = x.slice();
    this.#forward = new Float64Array(value.length);
    this.#backward = new Float64Array(value.length);
  }

  /** 0 where both sides have room for `step`, else the side that has more. */
  side(index: number, step: number): number {
    const x = this.#x[index] as number;
    const below = x - (this.#settings.low?.[index] ?? Number.NEGATIVE_INFINITY);
    const above = (this.#settings.high?.[index] ?? Number.POSITIVE_INFINITY) - x;
    if (Math.min(below, above) >= step) return CENTRAL;
    return above >= below ? 1 : -1;
  }

  /** The longest first step of a ladder, and its side. */
  start(index: number): { readonly step: number; readonly side: number } {
    const wanted = FIRST_STEP * (this.#settings.reach[index] as number);
    const x = this.#x[index] as number;
    const below = x - (this.#settings.low?.[index] ?? Number.NEGATIVE_INFINITY);
    const above = (this.#settings.high?.[index] ?? Number.POSITIVE_INFINITY) - x;
    const room = Math.min(below, above);
    if (room >= ROOM * wanted) return { step: Math.min(wanted, room), side: CENTRAL };
    return { step: Math.min(wanted, Math.max(below, above)), side: above >= below ? 1 : -1 };
  }

  at(index: number, step: number, side: number, out: Float64Array): boolean {
    const forward = side === -1 ? this.#value : this.#run(index, step, this.#forward);
    if (!forward) return false;
    const backward = side === 1 ? this.#value : this.#run(index, -step, this.#backward);
    if (!backward) return false;
    // The distance that rounding made of the step, not the step.
    const x = this.#x[index] as number;
    const distance = (side === -1 ? x : x + step) - (side === 1 ? x : x - step);
    for (let row = 0; row < out.length; row++)
      out[row] = ((forward[row] as number) - (backward[row] as number)) / distance;
    return allFinite(out);
  }

  #run(index: number, step: number, out: Float64Array): Float64Array | undefined {
    const x = this.#x[index] as number;
    this.#moved[index] = x + step;
    const ran = this.#f(this.#moved, out);
    this.#moved[index] = x;
    return ran ? out : undefined;
  }
}

function writeColumn(matrix: Matrix, column: number, values: Float64Array): void {
  for (let row = 0; row < values.length; row++) matrix.set(row, column, values[row] as number);
}

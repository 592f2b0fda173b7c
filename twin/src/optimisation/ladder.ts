import { norm } from "../linear-algebra/matrix.ts";
/** A difference quotient that tends to a derivative as its step shrinks. */
export interface Quotient {
  /** First and longest step. */
  readonly first: number;
  /** Factor by which the leading error falls with a halved step: 4 when it holds even powers only, 2 when all. */
  readonly base: 2 | 4;
  /** ‖error‖ that the noise of the function makes of a quotient with this step. */
  rounding(step: number): number;
  /** Writes the quotient; false when the function has no value there. */
  quotient(step: number, out: Float64Array): boolean;
}

/** Halvings of the first step. */
const LEVELS = 16;
/** Orders of extrapolation beyond the plain quotient. */
const DEPTH = 5;
/** Until two estimates agree to this, growing differences only say that the first steps were too long. */
const SETTLED = 1e-3;

/**
 * Difference quotients on halved steps, extrapolated to step 0 by Romberg's table (with base b, order m removes the error
 * term of h^m or h^{2m}):
 *
 *     T_{k,m} = T_{k,m−1} + (T_{k,m−1} − T_{k−1,m−1}) / (bᵐ − 1)
 *
 * Of all estimates the one is taken whose error is least:
 *
 *     error = max ‖T_{k,m} − its two parents‖ + rounding(h_k)
 *
 * The second term is what a plain ladder lacks: rounding makes quotients of tiny steps agree on a wrong value (on 0, when
 * the function moves in steps), and a step below a model's solver tolerance differentiates the tolerance.
 *
 * @see Ridders (1982), Adv. Eng. Software 4(2).
 */
export class Ladder {
  /** The estimate. */
  readonly best: Float64Array;
  #current: Float64Array[];
  #previous: Float64Array[];

  constructor(size: number) {
    this.best = new Float64Array(size);
    const row = (): Float64Array[] => Array.from({ length: DEPTH + 1 }, () => new Float64Array(size));
    this.#current = row();
    this.#previous = row();
  }

  /** Leaves the estimate in `best` and returns its error: ∞ when only one step had values, NaN when none. */
  climb({ first, base, rounding, quotient }: Quotient): number {
    let least = Number.NaN;
    let filled = 0;
    for (let level = 0; level < LEVELS; level++) {
      const step = first / 2 ** level;
      if (least <= rounding(step)) break;
      [this.#current, this.#previous] = [this.#previous, this.#current];
      if (!quotient(step, at(this.#current, 0))) {
        filled = 0;
        continue;
      }
      if (Number.isNaN(least)) {
        this.best.set(at(this.#current, 0));
        least = Number.POSITIVE_INFINITY;
      }
      const depth = Math.min(filled, DEPTH);
      const growth = this.#extrapolate(depth, base);
      for (let order = 1; order <= depth; order++) {
        const error = this.#disagreement(order) + rounding(step);
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

function distance(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++)
    sum += ((left[index] as number) - (right[index] as number)) ** 2;
  return Math.sqrt(sum);
}

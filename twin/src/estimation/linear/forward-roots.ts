import { Matrix, multiply } from "../../linear-algebra/matrix.ts";
import type { Filtered } from "./filtered.ts";
import { Recursion } from "./recursion.ts";

/** A belief x = m + S e + A δ, e ~ N(0, I), and nothing known of δ. */
export interface RootBelief {
  readonly mean: Float64Array;
  /** S, n × k. */
  readonly root: Matrix;
  /** A, n × d; undefined when everything is known. */
  readonly diffuse: Matrix | undefined;
}

/** Where a step came from, with the digits that a covariance multiplied out has lost. */
export interface Departure {
  /** After the reading before, or the start. */
  readonly before: RootBelief;
  /** E, where a gate gave in: the belief was widened by a jump of covariance E Eᵀ before the reading. */
  readonly widening: Matrix | undefined;
}

/**
 * The filter once more, in the form that keeps the most digits, over what it took of each reading. Between two readings that
 * say nearly the same of a diffuse direction variances are huge, and the small ones beside them matter to a smoother.
 */
export function departures({ model, steps }: Pick<Filtered, "model" | "steps">): Departure[] {
  const recursion = new Recursion(model, "ud");
  return steps.map(({ transition, scalars, widened }) => {
    const before = {
      mean: recursion.mean.slice(),
      root: recursion.form.root(),
      diffuse: recursion.directions.matrix(),
    };
    if (transition !== undefined) recursion.predict(transition);
    const widening = widened > 1 ? scaled(recursion.form.root(), Math.sqrt(widened - 1)) : undefined;
    if (widened !== 1) recursion.widen(widened);
    for (const { row, value, noise } of scalars) recursion.absorb(row, value, noise);
    return { before, widening };
  });
}

const scaled = (matrix: Matrix, factor: number): Matrix =>
  multiply(matrix, Matrix.diagonal(new Float64Array(matrix.columns).fill(factor)));

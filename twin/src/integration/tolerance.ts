import { TwinError } from "../errors.ts";
import { entry, shapeError } from "../linear-algebra/matrix.ts";

/**
 * The size of error that a step may make, per component:
 *
 *     |error_i| ≲ absolute_i + relative_i · max(|x_i| before, |x_i| after)
 */
export class Tolerance {
  readonly #relative: Float64Array;
  readonly #absolute: Float64Array;

  /** Scalars hold for each of `size` components. */
  constructor(size: number, relative: number | ArrayLike<number>, absolute: number | ArrayLike<number>) {
    this.#relative = perComponent("relativeTolerance", size, relative);
    this.#absolute = perComponent("absoluteTolerance", size, absolute);
    for (let index = 0; index < size; index++) {
      if (entry(this.#relative, index) + entry(this.#absolute, index) > 0) continue;
      throw badTolerance(
        `component ${index} has neither a relative nor an absolute tolerance`,
        "one of them positive",
      );
    }
  }

  /** Root mean square of error/tolerance; at most 1 for a step that is good enough. NaN passes through. */
  norm(error: Float64Array, before: Float64Array, after: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < error.length; index++) {
      const size = Math.max(Math.abs(entry(before, index)), Math.abs(entry(after, index)));
      const ratio = entry(error, index) / this.#allowed(index, size);
      sum += ratio * ratio;
    }
    return Math.sqrt(sum / error.length);
  }

  /** Size of a component below which only the absolute tolerance counts: its natural unit where it passes through zero. */
  floor(index: number): number {
    const relative = entry(this.#relative, index);
    return relative > 0 ? entry(this.#absolute, index) / relative : 0;
  }

  /** The smallest relative tolerance of all components; 0 when one has only an absolute one. */
  get tightest(): number {
    return this.#relative.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  }

  #allowed(index: number, size: number): number {
    // Purely relative at zero: any error is infinitely many tolerances, but 0/0 would be none at all.
    return Math.max(entry(this.#absolute, index) + entry(this.#relative, index) * size, Number.MIN_VALUE);
  }
}

function perComponent(name: string, size: number, given: number | ArrayLike<number>): Float64Array {
  const values = typeof given === "number" ? new Float64Array(size).fill(given) : Float64Array.from(given);
  if (values.length !== size) throw shapeError(`${name} of ${values.length} entries`, `${size}`);
  const bad = values.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
  if (bad >= 0) throw badTolerance(`${name} of component ${bad} is ${values[bad]}`, "0 or a positive number");
  return values;
}

const badTolerance = (found: string, expected: string): TwinError =>
  new TwinError(
    "BAD_OPTION",
    found,
    `expected ${expected}; 1e-6 relative and 1e-9 absolute are the defaults`,
  );

import { TwinError } from "../../errors.ts";
import { forBounds, type Transform } from "../../optimisation/transforms.ts";

/**
 * Unknowns on their supports as unbounded numbers z, each by the plainest transform that has its support (`forBounds`).
 *
 * A density over θ becomes one over z by the factor Π dθ/dz, whose logarithm is `logJacobian`.
 */
export class Coordinates {
  readonly #transforms: readonly Transform[];

  constructor(supports: readonly (readonly [number, number])[]) {
    this.#transforms = supports.map(([low, high]) => {
      if (low < high) return forBounds(low, high);
      throw new TwinError(
        "EMPTY_SUPPORT",
        `a support from ${low} to ${high}`,
        "expected a lower bound below the upper one; leave a known quantity out of the unknowns",
      );
    });
  }

  get size(): number {
    return this.#transforms.length;
  }

  toNatural(z: Float64Array, theta: Float64Array): Float64Array {
    for (let index = 0; index < z.length; index++)
      theta[index] = (this.#transforms[index] as Transform).toNatural(z[index] as number);
    return theta;
  }

  /** @throws {TwinError} OUT_OF_SUPPORT for a value on or beyond a bound, which no z reaches. */
  fromNatural(theta: ArrayLike<number>): Float64Array {
    return Float64Array.from(this.#transforms, ({ low, high, fromNatural }, index) => {
      const value = theta[index] as number;
      if (value > low && value < high) return fromNatural(value);
      throw new TwinError(
        "OUT_OF_SUPPORT",
        `unknown ${index} is ${value}, its support ${low} to ${high}`,
        "expected a value inside the prior's support",
      );
    });
  }

  /** dθ/dz of each, > 0. */
  slopes(z: Float64Array): Float64Array {
    return z.map((value, index) => (this.#transforms[index] as Transform).slope(value));
  }

  /** ln Π dθ/dz. */
  logJacobian(z: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < z.length; index++)
      sum += (this.#transforms[index] as Transform).logSlope(z[index] as number);
    return sum;
  }
}

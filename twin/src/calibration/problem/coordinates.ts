import { TwinError } from "../../errors.ts";

/**
 * Unknowns on their supports as unbounded numbers z.
 *
 *     (−∞, ∞): θ = z                 (a, ∞): θ = a + e^z
 *     (−∞, b): θ = b − e^z           (a, b): θ = a + (b − a)/(1 + e^{−z})
 *
 * A density over θ becomes one over z by the factor Π |dθ/dz|, whose logarithm is `logJacobian`.
 */
export class Coordinates {
  readonly #supports: readonly (readonly [number, number])[];

  constructor(supports: readonly (readonly [number, number])[]) {
    for (const [low, high] of supports)
      if (!(low < high))
        throw new TwinError(
          "EMPTY_SUPPORT",
          `a support from ${low} to ${high}`,
          "expected a lower bound below the upper one; leave a known quantity out of the unknowns",
        );
    this.#supports = supports;
  }

  get size(): number {
    return this.#supports.length;
  }

  toNatural(z: Float64Array, theta: Float64Array): Float64Array {
    for (let index = 0; index < z.length; index++)
      theta[index] = natural(this.#supports[index] as readonly [number, number], z[index] as number);
    return theta;
  }

  /** @throws {TwinError} OUT_OF_SUPPORT for a value on or beyond a bound, which no z reaches. */
  fromNatural(theta: ArrayLike<number>): Float64Array {
    return Float64Array.from(this.#supports, (support, index) => {
      const value = theta[index] as number;
      if (value > support[0] && value < support[1]) return unbounded(support, value);
      throw new TwinError(
        "OUT_OF_SUPPORT",
        `unknown ${index} is ${value}, its support ${support[0]} to ${support[1]}`,
        "expected a value inside the prior's support",
      );
    });
  }

  /** ln Π |dθ/dz|. */
  logJacobian(z: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < z.length; index++)
      sum += logSlope(this.#supports[index] as readonly [number, number], z[index] as number);
    return sum;
  }
}

function natural([low, high]: readonly [number, number], z: number): number {
  if (low === Number.NEGATIVE_INFINITY) return high === Number.POSITIVE_INFINITY ? z : high - Math.exp(z);
  if (high === Number.POSITIVE_INFINITY) return low + Math.exp(z);
  // From the nearer bound, so that neither end loses digits.
  return z < 0 ? low + (high - low) / (1 + Math.exp(-z)) : high - (high - low) / (1 + Math.exp(z));
}

function unbounded([low, high]: readonly [number, number], theta: number): number {
  if (low === Number.NEGATIVE_INFINITY)
    return high === Number.POSITIVE_INFINITY ? theta : Math.log(high - theta);
  if (high === Number.POSITIVE_INFINITY) return Math.log(theta - low);
  return Math.log(theta - low) - Math.log(high - theta);
}

function logSlope([low, high]: readonly [number, number], z: number): number {
  if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) return 0;
  if (low === Number.NEGATIVE_INFINITY || high === Number.POSITIVE_INFINITY) return z;
  return Math.log(high - low) - Math.abs(z) - 2 * Math.log1p(Math.exp(-Math.abs(z)));
}

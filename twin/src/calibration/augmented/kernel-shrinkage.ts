import { TwinError } from "../../errors.ts";
import type { ParticleCloud } from "../../estimation/particle/cloud.ts";
import { entry } from "../../linear-algebra/matrix.ts";
import { symmetricEigen } from "../../linear-algebra/symmetric-eigen.ts";
import type { Dice } from "../../random/dice.ts";

/**
 * New values for resampled parameters without a loss of information: a normal kernel around points drawn towards the mean,
 * with the mean and covariance of the weighted particles kept.
 *
 *     z' = a z + (1 − a) z̄ + √(1 − a²) V^½ ε,     a = (3δ − 1)/(2δ)
 *
 * A plain random walk instead would inflate the covariance by V_kernel at each resampling.
 * @see Liu & West (2001), in Doucet et al. (eds), Sequential Monte Carlo Methods in Practice, §10.3.3.
 */
export class KernelShrinkage {
  readonly #keep: number;

  /** @throws {TwinError} BAD_OPTION unless 1/3 < discount < 1. */
  constructor(discount: number) {
    if (!(discount > 1 / 3 && discount < 1))
      throw new TwinError(
        "BAD_OPTION",
        `a discount of ${discount}`,
        "expected a number between 1/3 and 1, such as 0.98",
      );
    this.#keep = (3 * discount - 1) / (2 * discount);
  }

  /** Replaces the particles of `cloud` by moved copies of their ancestors; the weights are left to the caller. */
  move(cloud: ParticleCloud, ancestors: Int32Array, dice: Dice): void {
    const mean = cloud.mean();
    const { values, vectors } = symmetricEigen(cloud.covariance());
    const spread = values.map((value) => Math.sqrt((1 - this.#keep ** 2) * Math.max(value, 0)));
    const before = cloud.states.map((row) => row.slice());
    for (let particle = 0; particle < cloud.count; particle++) {
      const white = spread.map((sd) => sd * dice.normal());
      const ancestor = entry(ancestors, particle);
      for (let index = 0; index < mean.length; index++) {
        const own = before[index] as Float64Array;
        let value = this.#keep * entry(own, ancestor) + (1 - this.#keep) * entry(mean, index);
        for (let axis = 0; axis < white.length; axis++)
          value += vectors.get(index, axis) * entry(white, axis);
        (cloud.states[index] as Float64Array)[particle] = value;
      }
    }
  }
}

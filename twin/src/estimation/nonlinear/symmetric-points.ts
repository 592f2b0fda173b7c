import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { PairWeights } from "../unscented-transform.ts";
import { type Mapping, Regression, type Regressor } from "./regression.ts";

/**
 * Regression over pairs of points on the axes of L, with a centre where it has weight. With e = g − ȳ:
 *
 *     D_j = (e₊ − e₋)/(2√c),   A_j = (e₊ + e₋)/(2√c),   centre: √|w₀| e₀, in A when w₀ > 0, the deficit when w₀ < 0
 *
 * which is the weighted sample covariance of the points, split into what a line explains and what it does not; and for a
 * linear g the scatter is 0 to rounding. Cost: 2n runs, or 2n + 1 with a centre.
 */
export class PairRegressor implements Regressor {
  readonly result: Regression;
  readonly #mapping: Mapping;
  readonly #weights: PairWeights;
  readonly #centred: boolean;
  readonly #point: Float64Array;
  readonly #centre: Float64Array;
  readonly #above: readonly Float64Array[];
  readonly #below: readonly Float64Array[];

  constructor(mapping: Mapping, weights: PairWeights) {
    const { states, size } = mapping;
    const images = (): Float64Array[] => Array.from({ length: states }, () => new Float64Array(size));
    this.#mapping = mapping;
    this.#weights = weights;
    this.#centred = weights.mean !== 0 || weights.covariance !== 0;
    this.#point = new Float64Array(states);
    this.#centre = new Float64Array(size);
    this.#above = images();
    this.#below = images();
    this.result = new Regression(
      size,
      states,
      states + (weights.covariance > 0 ? 1 : 0),
      weights.covariance < 0,
    );
  }

  regress(mean: Float64Array, factor: Matrix): void {
    const root = Math.sqrt(this.#weights.squaredReach);
    if (this.#centred) this.#mapping.evaluate(mean, this.#centre);
    for (let axis = 0; axis < this.#above.length; axis++) {
      this.#run(mean, factor, axis, root, this.#above[axis] as Float64Array);
      this.#run(mean, factor, axis, -root, this.#below[axis] as Float64Array);
    }
    this.#average();
    for (let axis = 0; axis < this.#above.length; axis++) this.#split(axis, 1 / (2 * root));
    if (this.#centred) this.#weighCentre();
  }

  #run(mean: Float64Array, factor: Matrix, axis: number, scale: number, image: Float64Array): void {
    const point = this.#point;
    for (let row = 0; row < axis; row++) point[row] = mean[row] as number;
    for (let row = axis; row < point.length; row++)
      point[row] = (mean[row] as number) + scale * factor.get(row, axis);
    this.#mapping.evaluate(point, image);
  }

  /** ȳ, from one image outwards: the large weights of a small α then multiply differences, not values. */
  #average(): void {
    const mean = this.result.mean;
    const origin = this.#centred ? this.#centre : (this.#above[0] as Float64Array);
    mean.fill(0);
    for (let axis = 0; axis < this.#above.length; axis++) {
      const above = this.#above[axis] as Float64Array;
      const below = this.#below[axis] as Float64Array;
      for (let row = 0; row < mean.length; row++) {
        const from = origin[row] as number;
        mean[row] = (mean[row] as number) + ((above[row] as number) - from) + ((below[row] as number) - from);
      }
    }
    const weight = 1 / (2 * this.#weights.squaredReach);
    for (let row = 0; row < mean.length; row++)
      mean[row] = (origin[row] as number) + weight * (mean[row] as number);
  }

  /** Columns of D and of A from one pair. */
  #split(axis: number, half: number): void {
    const { mean, spread, states } = this.result;
    const above = this.#above[axis] as Float64Array;
    const below = this.#below[axis] as Float64Array;
    for (let row = 0; row < mean.length; row++) {
      const up = (above[row] as number) - (mean[row] as number);
      const down = (below[row] as number) - (mean[row] as number);
      spread.set(row, axis, (up - down) * half);
      spread.set(row, states + axis, (up + down) * half);
    }
  }

  #weighCentre(): void {
    const { mean, spread, states, deficit } = this.result;
    const weight = this.#weights.covariance;
    const scale = Math.sqrt(Math.abs(weight));
    for (let row = 0; row < mean.length; row++) {
      const off = scale * ((this.#centre[row] as number) - (mean[row] as number));
      if (deficit) deficit[row] = off;
      else if (weight > 0) spread.set(row, 2 * states, off);
    }
  }
}

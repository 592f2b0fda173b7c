import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Factored } from "./conditioning.ts";
import { Regression } from "./regression.ts";

/**
 * A line that was drawn under another Gaussian, N(m̂, L̂ L̂ᵀ), in the coordinates of the prior N(m, L Lᵀ):
 *
 *     y ≈ ŷ + D̂ ẑ + r,  ẑ = L̂⁻¹(x − m̂):     ȳ = ŷ + D̂ L̂⁻¹(m − m̂),   D = D̂ L̂⁻¹ L,   r as it was
 *
 * Under the last posterior this is the Gauss–Newton step of the iterated extended filter, or posterior linearisation.
 * @see Bell & Cathey (1993), IEEE Trans. Autom. Control 38(2); García-Fernández, Svensson, Morelande & Särkkä (2015), IEEE Trans. Signal Process. 63(20).
 */
export class Relinearisation {
  readonly #line: Regression;
  /** A row of D̂ L̂⁻¹: the slope in x. */
  readonly #slope: Float64Array;

  constructor({ spread, states, deficit }: Regression) {
    this.#line = new Regression(spread.rows, states, spread.columns - states, deficit !== undefined);
    this.#slope = new Float64Array(states);
  }

  underPrior(drawn: Regression, under: Factored, prior: Factored): Regression {
    const line = this.#line;
    line.deficit?.set(drawn.deficit ?? []);
    for (let row = 0; row < line.mean.length; row++) {
      this.#slopeInState(drawn.spread, row, under.factor);
      line.mean[row] = (drawn.mean[row] as number) + this.#along(prior.mean, under.mean);
      this.#slopeInPrior(row, prior.factor);
      for (let column = line.states; column < line.spread.columns; column++)
        line.spread.set(row, column, drawn.spread.get(row, column));
    }
    return line;
  }

  /** slope ← row · L̂⁻¹. */
  #slopeInState(spread: Matrix, row: number, factor: Matrix): void {
    const slope = this.#slope;
    for (let column = slope.length - 1; column >= 0; column--) {
      let sum = spread.get(row, column);
      for (let inner = column + 1; inner < slope.length; inner++)
        sum -= (slope[inner] as number) * factor.get(inner, column);
      const pivot = factor.get(column, column);
      // Along a direction without variance both Gaussians agree: its slope does not matter.
      slope[column] = pivot === 0 ? 0 : sum / pivot;
    }
  }

  #along(to: Float64Array, from: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < to.length; index++)
      sum += (this.#slope[index] as number) * ((to[index] as number) - (from[index] as number));
    return sum;
  }

  /** Row of D ← slope · L. */
  #slopeInPrior(row: number, factor: Matrix): void {
    for (let column = 0; column < this.#slope.length; column++) {
      let sum = 0;
      for (let inner = column; inner < this.#slope.length; inner++)
        sum += (this.#slope[inner] as number) * factor.get(inner, column);
      this.#line.spread.set(row, column, sum);
    }
  }
}

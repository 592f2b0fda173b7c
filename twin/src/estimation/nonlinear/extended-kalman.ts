import { TwinError } from "../../errors.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Start } from "./checked-system.ts";
import { type Mapping, Regression, type Regressor } from "./regression.ts";
import { type FilterOptions, SquareRootFilter } from "./square-root-filter.ts";
import type { StochasticSystem } from "./system.ts";

export interface ExtendedOptions extends FilterOptions {
  /**
   * Step of the differences that stand in for absent Jacobians, in sds of each state. Default 0.003, for a model that is exact to
   * rounding; for one with errors (a solver's tolerance, a table) up to 1, so that f changes by much more than its error.
   */
  readonly step?: number;
}

/**
 * The extended Kalman filter: the line is the tangent in the mean.
 *
 *     ȳ = g(m),   D = J L,   J = ∂g/∂x at m;   no scatter: the curvature is not seen
 *
 * Cost: one run and a Jacobian, or 4n + 1 runs without one. Over-confident where g bends within an sd; a kink or a stop
 * inside the belief goes unnoticed. With `iterations` > 1 the tangent of h moves to the posterior mean (iterated
 * extended filter, a Gauss–Newton search of the mode without step control: see `lastIterations`).
 * @see Jazwinski (1970), Stochastic Processes and Filtering Theory, §8; Särkkä (2013), §5.2.
 */
export class ExtendedKalmanFilter extends SquareRootFilter {
  constructor(system: StochasticSystem, start: Start, options: ExtendedOptions = {}) {
    const step = options.step ?? 0.003;
    if (!(step > 0 && step <= 10))
      throw new TwinError(
        "BAD_OPTION",
        `step is ${step}`,
        "expected a number of sds in (0, 10], such as 0.01",
      );
    super(system, start, (mapping) => new TangentRegressor(mapping, step), options);
  }
}

/** The least step, as a share of the state: below it rounding of f outweighs its change. */
const LEAST_STEP = Math.cbrt(Number.EPSILON);

class TangentRegressor implements Regressor {
  readonly result: Regression;
  readonly #mapping: Mapping;
  readonly #step: number;
  readonly #point: Float64Array;
  readonly #image: Float64Array;
  /** One column of J. */
  readonly #column: Float64Array;

  constructor(mapping: Mapping, step: number) {
    this.result = new Regression(mapping.size, mapping.states, 0, false);
    this.#mapping = mapping;
    this.#step = step;
    this.#point = new Float64Array(mapping.states);
    this.#image = new Float64Array(mapping.size);
    this.#column = new Float64Array(mapping.size);
  }

  regress(mean: Float64Array, factor: Matrix): void {
    this.#mapping.evaluate(mean, this.result.mean);
    this.result.spread.data.fill(0);
    const jacobian = this.#mapping.jacobian(mean);
    for (let state = 0; state < mean.length; state++) {
      if (jacobian)
        for (let row = 0; row < jacobian.rows; row++) this.#column[row] = jacobian.get(row, state);
      else this.#difference(mean, factor, state);
      this.#addColumn(factor, state);
    }
  }

  /** D += (column of J) · (row of L). */
  #addColumn(factor: Matrix, state: number): void {
    const { spread } = this.result;
    for (let row = 0; row < spread.rows; row++) {
      const slope = this.#column[row] as number;
      if (slope === 0) continue;
      for (let axis = 0; axis <= state; axis++) spread.add(row, axis, slope * factor.get(state, axis));
    }
  }

  /** ∂g/∂x_i ≈ (8 (g₊₁ − g₋₁) − (g₊₂ − g₋₂))/(12 δ), error δ⁴/30 · g⁽⁵⁾. */
  #difference(mean: Float64Array, factor: Matrix, state: number): void {
    const centre = mean[state] as number;
    let variance = 0;
    for (let axis = 0; axis <= state; axis++) variance += factor.get(state, axis) ** 2;
    this.#column.fill(0);
    // A state that is known exactly adds nothing to D, whatever its slope.
    if (variance === 0) return;
    const wanted = Math.max(this.#step * Math.sqrt(variance), LEAST_STEP * Math.abs(centre));
    // A step that the state can hold exactly.
    const step = centre + wanted - centre;
    for (const [stride, weight] of STENCIL) {
      this.#point.set(mean);
      this.#point[state] = centre + stride * step;
      this.#mapping.evaluate(this.#point, this.#image);
      for (let row = 0; row < this.#column.length; row++)
        this.#column[row] = (this.#column[row] as number) + (weight / step) * (this.#image[row] as number);
    }
  }
}

const STENCIL = [
  [-2, 1 / 12],
  [-1, -2 / 3],
  [1, 2 / 3],
  [2, -1 / 12],
] as const;

import type { Gaussian } from "../../estimation/gaussian.ts";
import type { Start } from "../../estimation/nonlinear/checked-system.ts";
import type { Assimilation, Filter } from "../../estimation/nonlinear/filter.ts";
import type { StochasticSystem } from "../../estimation/nonlinear/system.ts";
import { submatrix } from "../../linear-algebra/blocks.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import { augment, augmentedStart, type ParametricSystem } from "./parametric-system.ts";
import { normalBeliefs, type ParameterBelief, type TrackedParameter } from "./tracked-parameter.ts";

/** Makes a filter: `(system, start) => new UnscentedKalmanFilter(system, start)`. */
export type FilterMaker = (system: StochasticSystem, start: Start) => Filter;

/**
 * Joint filtering: one filter over the state and the parameters together.
 *
 * Keeps the covariance between the two, through which readings of the state teach the parameters. Even for a linear machine the
 * joint problem is not linear: f multiplies parameters by states. The belief is the chosen filter's approximation of it, good
 * while the parameters' uncertainty is small against the curvature of f.
 *
 * `mean` and `covariance` are of (x, z), n + p.
 */
export class JointFilter implements Filter {
  readonly #filter: Filter;
  readonly #parameters: readonly TrackedParameter[];
  readonly #states: number;

  /** @throws {TwinError} BAD_PARAMETER, and what the filter's maker throws. */
  constructor(
    system: ParametricSystem,
    start: Start,
    parameters: readonly TrackedParameter[],
    make: FilterMaker,
  ) {
    this.#filter = make(augment(system, parameters), augmentedStart(start, parameters));
    this.#parameters = parameters;
    this.#states = start.mean.length;
  }

  get at(): number {
    return this.#filter.at;
  }

  mean(): Float64Array {
    return this.#filter.mean();
  }

  covariance(): Matrix {
    return this.#filter.covariance();
  }

  predict(to: number): void {
    this.#filter.predict(to);
  }

  update(reading: ArrayLike<number>): Assimilation {
    return this.#filter.update(reading);
  }

  /** x alone. */
  state(): Gaussian {
    const mean = this.mean().slice(0, this.#states);
    return { mean, covariance: submatrix(this.covariance(), [...mean.keys()]) };
  }

  /** θ, on the natural scale. */
  parameters(): ParameterBelief[] {
    const belief = { mean: this.mean(), covariance: this.covariance() };
    return normalBeliefs(this.#parameters, belief, this.#states);
  }
}

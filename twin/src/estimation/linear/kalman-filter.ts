import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Assimilation, Filter } from "../nonlinear/filter.ts";
import { FilterPass } from "./filter-pass.ts";
import type { FilterOptions } from "./filtered.ts";
import { innovationOf } from "./innovation.ts";
import type { LinearModel } from "./model.ts";
import { checkStart } from "./model-checks.ts";
import { checkRow, outOfOrder } from "./readings.ts";

/**
 * The Kalman filter one reading at a time: the same recursions as `kalmanFilter` over a series, as a `Filter`.
 *
 * The model's `step` counts the updates so far. Several updates at one time are taken one after the other. A start at the
 * "first reading" takes its time from the first `predict`.
 *
 * While directions are diffuse, `covariance` has infinite variances where they reach, and the likelihood of a reading that
 * ends one is −½ ln F∞ (convention "omit").
 */
export class KalmanFilter implements Filter {
  readonly #pass: FilterPass;
  readonly #outputs: number;
  #updates = 0;

  /** @throws {TwinError} BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC, NOT_POSITIVE_SEMIDEFINITE, BAD_VALUE. */
  constructor(model: LinearModel, options: FilterOptions = {}) {
    checkStart(model);
    this.#outputs = model.outputs;
    this.#pass = new FilterPass(model, options);
  }

  /** −∞ until the first `predict` of a start at the first reading. */
  get at(): number {
    const { at } = this.#pass;
    return at === "first reading" ? Number.NEGATIVE_INFINITY : at;
  }

  mean(): Float64Array {
    return this.#pass.recursion.mean.slice();
  }

  covariance(): Matrix {
    const { form, directions } = this.#pass.recursion;
    const covariance = form.covariance();
    const unknown = directions.matrix();
    if (unknown !== undefined)
      for (let state = 0; state < covariance.rows; state++)
        for (let column = 0; column < unknown.columns; column++)
          if (unknown.get(state, column) !== 0) covariance.set(state, state, Number.POSITIVE_INFINITY);
    return covariance;
  }

  predict(to: number): void {
    if (!(to >= this.at) || !Number.isFinite(to))
      throw outOfOrder(`a prediction to ${to} from a belief at ${this.at}`);
    this.#pass.advance(to);
  }

  update(reading: ArrayLike<number>): Assimilation {
    checkRow(reading, this.#updates++, this.#outputs);
    const row = Float64Array.from(reading);
    const before = this.#pass.recursion.mean.slice();
    const { logLikelihood, nis, size, observation } = this.#pass.assimilate(row);
    return { logLikelihood, nis, size, innovation: innovationOf(observation, before, row) };
  }
}

import { TwinError } from "../../errors.ts";
import { type Matrix, shapeError, symmetrise } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";
import { collapse } from "../gaussian.ts";
import type { Assimilation, Filter } from "../nonlinear/filter.ts";
import { type MatrixLike, matrixOf, type VectorLike, vectorOf } from "./arrays.ts";
import { KalmanFilter } from "./kalman-filter.ts";
import type { LinearModel } from "./model.ts";
import { outOfOrder } from "./readings.ts";

export interface InteractingModelsOptions {
  /** Hypotheses with the same states, outputs and start time; starts must be proper. */
  readonly models: readonly LinearModel[];
  /** Π, k × k: row i holds the probabilities of going from model i to each model, per prediction. */
  readonly switching: MatrixLike;
  /** Probabilities at the start; equal when absent. */
  readonly weights?: VectorLike;
}

/**
 * A process that switches between linear models (Markov jump): one filter per model, whose beliefs are mixed before each
 * prediction. k filters instead of the kᵗ of exact inference.
 *
 *     mix:     c_j = Σ_i Π_ij μ_i,  N_j = Gaussian with the moments of Σ_i (Π_ij μ_i / c_j) N_i
 *     weigh:   μ_j ∝ c_j p_j(y)
 *
 * Π belongs to one `predict`: it should be called once per reading, at regular times; where no time passes, nothing
 * switches. The output is the mixture's mean and covariance.
 *
 * @see Blom & Bar-Shalom (1988), IEEE Trans. Automatic Control 33(8).
 */
export class InteractingModels implements Filter {
  readonly #models: readonly LinearModel[];
  readonly #switching: Matrix;
  #filters: KalmanFilter[];
  #weights: Float64Array;
  #at: number;
  #step = 0;

  /** @throws {TwinError} BAD_SHAPE, NOT_FINITE; BAD_PROBABILITIES; BAD_START for a diffuse start. */
  constructor({ models, switching, weights }: InteractingModelsOptions) {
    const [first] = models;
    const count = models.length;
    this.#switching = matrixOf(switching, "the switching matrix");
    if (first === undefined || this.#switching.rows !== count || this.#switching.columns !== count)
      throw shapeError(
        `${count} models and a switching matrix of ${this.#switching.rows} × ${this.#switching.columns}`,
        "k models and k × k",
      );
    for (const model of models) checkAlike(model, first);
    this.#weights =
      weights === undefined ? new Float64Array(count).fill(1 / count) : vectorOf(weights, "the weights");
    if (this.#weights.length !== count)
      throw shapeError(`${this.#weights.length} weights`, `${count} models`);
    requireProbabilities(this.#weights, "the weights");
    for (let row = 0; row < count; row++)
      requireProbabilities(
        Float64Array.from(models, (_, column) => this.#switching.get(row, column)),
        `row ${row} of the switching matrix`,
      );
    this.#models = models;
    this.#filters = models.map((model) => new KalmanFilter(model));
    this.#at = this.#filters[0]?.at ?? Number.NEGATIVE_INFINITY;
  }

  get at(): number {
    return this.#at;
  }

  /** Probability of each model now. */
  probabilities(): Float64Array {
    return this.#weights.slice();
  }

  mean(): Float64Array {
    return this.#mixture(this.#weights).mean;
  }

  covariance(): Matrix {
    return symmetrise(this.#mixture(this.#weights).covariance);
  }

  predict(to: number): void {
    if (!(to >= this.#at) || !Number.isFinite(to))
      throw outOfOrder(`a prediction to ${to} from a belief at ${this.#at}`);
    if (to === this.#at) return;
    const predicted = this.#models.map((_, target) => {
      const into = this.#weights.map((weight, from) => weight * this.#switching.get(from, target));
      return into.reduce((sum, weight) => sum + weight, 0);
    });
    const mixed = this.#models.map((model, target) => {
      const total = predicted[target] as number;
      const shares = this.#weights.map((weight, from) =>
        total > 0 ? (weight * this.#switching.get(from, target)) / total : weight,
      );
      return restarted(model, this.#mixture(shares), this.#at, this.#step);
    });
    for (const filter of mixed) filter.predict(to);
    this.#filters = mixed;
    this.#weights = Float64Array.from(predicted);
    this.#at = to;
  }

  update(reading: ArrayLike<number>): Assimilation {
    const results = this.#filters.map((filter) => filter.update(reading));
    this.#step++;
    const [first] = results as [Assimilation];
    const best = Math.max(...results.map(({ logLikelihood }) => logLikelihood));
    const joint = this.#weights.map(
      (weight, index) => weight * Math.exp((results[index] as Assimilation).logLikelihood - best),
    );
    const total = joint.reduce((sum, weight) => sum + weight, 0);
    const average = (value: (result: Assimilation) => number): number =>
      results.reduce((sum, result, index) => sum + (this.#weights[index] as number) * value(result), 0);
    const innovation = first.innovation.map((_, output) =>
      average((result) => result.innovation[output] as number),
    );
    const nis = average((result) => result.nis);
    if (first.size > 0) this.#weights = joint.map((weight) => weight / total);
    return { logLikelihood: best + Math.log(total), nis, size: first.size, innovation };
  }

  #mixture(weights: Float64Array): Gaussian {
    return collapse(
      this.#filters.map((filter, index) => ({
        weight: weights[index] as number,
        gaussian: { mean: filter.mean(), covariance: filter.covariance() },
      })),
    );
  }
}

/** The filter of a model from another belief, with its count of readings. */
function restarted(model: LinearModel, belief: Gaussian, at: number, step: number): KalmanFilter {
  return new KalmanFilter({
    states: model.states,
    outputs: model.outputs,
    start: { at: at === Number.NEGATIVE_INFINITY ? "first reading" : at, ...belief },
    transition: (elapsed) => model.transition(elapsed, step),
    observation: () => model.observation(step),
  });
}

function checkAlike(model: LinearModel, first: LinearModel): void {
  if (model.states !== first.states || model.outputs !== first.outputs)
    throw shapeError(
      `models of ${first.states} and ${model.states} states, ${first.outputs} and ${model.outputs} outputs`,
      "the same states and outputs in all",
    );
  if (model.start.diffuse !== undefined || !Object.is(model.start.at, first.start.at))
    throw new TwinError(
      "BAD_START",
      "models that interact need proper starts at one time",
      "give every model the same start time and a start covariance",
    );
}

function requireProbabilities(values: Float64Array, name: string): void {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (values.every((value) => value >= 0) && Math.abs(total - 1) <= 1e-9) return;
  throw new TwinError(
    "BAD_PROBABILITIES",
    `${name}: ${Array.from(values).join(", ")}`,
    "expected numbers ≥ 0 that add up to 1",
  );
}

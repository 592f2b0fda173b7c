import { TwinError } from "../../errors.ts";
import { entry, type Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import { Evaluator, type RunCounts } from "../problem/evaluator.ts";
import { type DiscrepantProblem, kernelAt } from "./discrepant-problem.ts";
import { GaussianProcess } from "./gaussian-process.ts";

/** Where something is to be predicted. */
export interface PredictionTask {
  /** Conditions x of the m predictions, m × d. */
  readonly points: Matrix;
  /** Writes the model's m values at these conditions. */
  simulate(theta: Float64Array, out: Float64Array): void;
  /** sd of a future reading's noise, of all or of each. */
  readonly noise: number | Float64Array;
}

export interface Band {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

/** A prediction taken apart: whose doubt is whose. */
export interface PredictiveParts {
  /** h(x, θ): what θ's posterior leaves open of the model's own output. */
  readonly model: Band;
  /** δ(x): what the model lacks, and how well that is known. */
  readonly discrepancy: Band;
  /** Posterior correlation of the two: near −1 where only their sum is known. */
  readonly correlation: Float64Array;
  /** h + δ: the real response, without noise. */
  readonly truth: Band;
  /** h + δ + e: a future reading. */
  readonly reading: Band;
  readonly evaluations: RunCounts;
}

/**
 * Predictions from posterior draws of (θ, φ), S × (p + q), of any sampler or of `posteriorDraws`: per draw, δ is a Gaussian
 * process given the residuals of that θ.
 *
 *     Var(h + δ) = Var h + Var δ + 2 Cov(h, δ),     Var δ = E Var(δ | θ, φ) + Var E(δ | θ, φ)
 *
 * Draws at which a model run fails are left out and counted.
 * @throws {TwinError} BAD_SHAPE; TOO_FEW_DRAWS when fewer than two remain.
 */
export function predictiveParts(
  problem: DiscrepantProblem,
  draws: Matrix,
  task: PredictionTask,
): PredictiveParts {
  const evaluator = new Evaluator();
  const moments = new JointMoments(task.points.rows);
  const simulated = new Float64Array(problem.observations.length);
  const ahead = new Float64Array(task.points.rows);
  const parameters = problem.unknowns.length;
  for (let row = 0; row < draws.rows; row++) {
    const draw = Float64Array.from({ length: draws.columns }, (_, index) => draws.get(row, index));
    const theta = draw.slice(0, parameters);
    if (!evaluator.evaluate((out) => problem.simulate(theta, out), simulated)) continue;
    if (!evaluator.evaluate((out) => task.simulate(theta, out), ahead)) continue;
    const values = problem.observations.map((reading, index) => reading - entry(simulated, index));
    const kernel = kernelAt(problem, draw.slice(parameters));
    const process = new GaussianProcess(kernel, { points: problem.points, values, noise: problem.noise });
    const { mean, variance } = process.predict(task.points);
    moments.add(ahead, mean, variance);
  }
  return moments.parts(task.noise, evaluator.counts());
}

/** Running means and central sums of h and E(δ | draw), with the mean of Var(δ | draw). */
class JointMoments {
  readonly #model: Float64Array;
  readonly #discrepancy: Float64Array;
  readonly #within: Float64Array;
  readonly #modelSum: Float64Array;
  readonly #discrepancySum: Float64Array;
  readonly #crossSum: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#model = new Float64Array(size);
    this.#discrepancy = new Float64Array(size);
    this.#within = new Float64Array(size);
    this.#modelSum = new Float64Array(size);
    this.#discrepancySum = new Float64Array(size);
    this.#crossSum = new Float64Array(size);
  }

  add(model: Float64Array, discrepancy: Float64Array, variance: Float64Array): void {
    this.#count++;
    for (let index = 0; index < model.length; index++) {
      const modelStep = entry(model, index) - entry(this.#model, index);
      const discrepancyStep = entry(discrepancy, index) - entry(this.#discrepancy, index);
      this.#model[index] = entry(this.#model, index) + modelStep / this.#count;
      this.#discrepancy[index] = entry(this.#discrepancy, index) + discrepancyStep / this.#count;
      const rest = entry(discrepancy, index) - entry(this.#discrepancy, index);
      this.#modelSum[index] =
        entry(this.#modelSum, index) + modelStep * (entry(model, index) - entry(this.#model, index));
      this.#discrepancySum[index] = entry(this.#discrepancySum, index) + discrepancyStep * rest;
      this.#crossSum[index] = entry(this.#crossSum, index) + modelStep * rest;
      this.#within[index] =
        entry(this.#within, index) + (entry(variance, index) - entry(this.#within, index)) / this.#count;
    }
  }

  parts(noise: number | Float64Array, evaluations: RunCounts): PredictiveParts {
    if (this.#count < 2)
      throw new TwinError(
        "TOO_FEW_DRAWS",
        `${this.#count} draws gave a prediction`,
        "expected at least two, better some hundred",
      );
    if (typeof noise !== "number" && noise.length !== this.#model.length)
      throw shapeError(`${noise.length} noises for ${this.#model.length} predictions`, "one for each");
    const share = 1 / (this.#count - 1);
    const modelVariance = this.#modelSum.map((sum) => sum * share);
    const ownVariance = this.#discrepancySum.map((sum, index) => sum * share + entry(this.#within, index));
    const cross = this.#crossSum.map((sum) => sum * share);
    const truthVariance = modelVariance.map((variance, index) =>
      Math.max(0, variance + entry(ownVariance, index) + 2 * entry(cross, index)),
    );
    const mean = this.#model.map((value, index) => value + entry(this.#discrepancy, index));
    const noiseVariance = (index: number): number =>
      (typeof noise === "number" ? noise : entry(noise, index)) ** 2;
    return {
      model: { mean: this.#model, sd: modelVariance.map(Math.sqrt) },
      discrepancy: { mean: this.#discrepancy, sd: ownVariance.map(Math.sqrt) },
      correlation: cross.map((value, index) => {
        const scale = Math.sqrt(entry(modelVariance, index) * entry(ownVariance, index));
        return scale > 0 ? value / scale : 0;
      }),
      truth: { mean, sd: truthVariance.map(Math.sqrt) },
      reading: {
        mean,
        sd: truthVariance.map((variance, index) => Math.sqrt(variance + noiseVariance(index))),
      },
      evaluations,
    };
  }
}

import { Coordinates } from "./coordinates.ts";
import type { Evaluator } from "./evaluator.ts";
import { logPriorOf, requireUnknowns } from "./priors.ts";
import type { DensityProblem } from "./problem.ts";

/**
 * A computation that stops whenever it needs the model: it yields points θ and is resumed with their log-likelihoods, value i
 * for point i. What runs them, here or in a pool of workers, changes nothing of the result.
 */
export type InBatches<Result> = Generator<readonly Float64Array[], Result, ArrayLike<number>>;

/** A problem's posterior over unbounded coordinates z: ln p(θ(z)) + ln p(y | θ(z)) + ln |dθ/dz|. */
export class Target {
  readonly problem: DensityProblem;
  readonly coordinates: Coordinates;
  readonly #supports: readonly (readonly [number, number])[];
  readonly #theta: Float64Array;
  #undefinedPriors = 0;

  constructor(problem: DensityProblem) {
    requireUnknowns(problem.unknowns);
    this.problem = problem;
    this.#supports = problem.unknowns.map(({ prior }) => prior.support);
    this.coordinates = new Coordinates(this.#supports);
    this.#theta = new Float64Array(problem.unknowns.length);
  }

  get size(): number {
    return this.coordinates.size;
  }

  /** ln p(θ(z)) + ln |dθ/dz|; −∞ outside the prior, or so far out that θ rounds to a bound. */
  logPrior(z: Float64Array): number {
    const theta = this.coordinates.toNatural(z, this.#theta);
    for (let index = 0; index < theta.length; index++) {
      const [low, high] = this.#supports[index] as readonly [number, number];
      if (!((theta[index] as number) > low && (theta[index] as number) < high))
        return Number.NEGATIVE_INFINITY;
    }
    const value = logPriorOf(this.problem, theta) + this.coordinates.logJacobian(z);
    if (value < Number.POSITIVE_INFINITY) return value;
    this.#undefinedPriors++;
    return Number.NEGATIVE_INFINITY;
  }

  /** Points whose prior density was NaN or infinite: formulas that overflow far out. They count as impossible. */
  get undefinedPriors(): number {
    return this.#undefinedPriors;
  }

  /** ln p(θ, y) + ln |dθ/dz| of many points; points outside the prior cost no model run. */
  *logPosteriors(points: readonly Float64Array[], out: Float64Array): InBatches<void> {
    const possible: number[] = [];
    points.forEach((z, index) => {
      out[index] = this.logPrior(z);
      if (out[index] !== Number.NEGATIVE_INFINITY) possible.push(index);
    });
    if (possible.length === 0) return;
    const logLikelihoods = yield possible.map((index) => this.natural(points[index] as Float64Array));
    possible.forEach((index, position) => {
      const logLikelihood = logLikelihoods[position] as number;
      out[index] = Number.isFinite(logLikelihood)
        ? (out[index] as number) + logLikelihood
        : Number.NEGATIVE_INFINITY;
    });
  }

  natural(z: Float64Array): Float64Array {
    return this.coordinates.toNatural(z, new Float64Array(this.size));
  }
}

/** Runs the batches here and now, by the problem's own batch port where it has one. */
export function runBatches<Result>(
  batches: InBatches<Result>,
  problem: DensityProblem,
  evaluator: Evaluator,
): Result {
  const run = (points: readonly Float64Array[]): ArrayLike<number> =>
    problem.logLikelihoods === undefined
      ? points.map((theta) => evaluator.guarded(() => problem.logLikelihood(theta)))
      : problem.logLikelihoods(points);
  let step = batches.next();
  while (!step.done) step = batches.next(evaluator.logDensities(step.value, run));
  return step.value;
}

import type { TwinDefinition } from "../definition/twin-definition.ts";
import type { Gaussian } from "../estimation/gaussian.ts";
import { condition, type Prediction, type Updated } from "../estimation/gaussian-filter.ts";
import { CUBATURE, momentsOf, type SigmaPoints } from "../estimation/unscented-transform.ts";
import { entry, Matrix } from "../linear-algebra/matrix.ts";
import { steadyModel } from "../models/models.ts";
import { ABOVE, BELOW, type SteadyModel } from "../models/process-model.ts";
import { addBias, confine, type HalfSpace, leadingSigmaPoints, lineariseMargin } from "./regimes.ts";
import type { EvidenceRow } from "./rows.ts";
import { type Bounds, fromNatural, toNatural } from "./transform.ts";

/** A regime is in doubt while its kink lies within so many standard deviations. */
const DOUBT = 5;
/** At most so many regimes are in doubt at once: 2^2 hypotheses. */
const MOST_IN_DOUBT = 2;
/** Bayes' rule for one row under every hypothesis about the model's regimes. Counts the model runs it costs. */
export class Hypotheses {
  readonly #definition: TwinDefinition;
  readonly #model: SteadyModel;
  readonly #bounds: readonly Bounds[];
  modelRuns: number;

  constructor(definition: TwinDefinition, bounds: readonly Bounds[], modelRuns: number) {
    this.#definition = definition;
    this.#model = steadyModel(definition.model);
    this.#bounds = bounds;
    this.modelRuns = modelRuns;
  }

  /**
   * One update per hypothesis about the regimes that are in doubt; elsewhere the regime is the one on whose side the mean lies.
   * A hypothesis under which the model gives no finite output somewhere in the belief is left out.
   */
  update(belief: Gaussian, row: EvidenceRow, seen: readonly number[]): Updated[] {
    const { parameters, signals } = this.#definition;
    const sigma = leadingSigmaPoints(belief, parameters.length, CUBATURE);
    const regimes = new Int8Array(parameters.length);
    const margins = this.#margins(belief.mean);
    const doubtful = parameters
      .map((_, index) => ({
        index,
        distance: Math.abs(entry(margins, index)) / Math.sqrt(belief.covariance.get(index, index)),
      }))
      .sort((left, right) => left.distance - right.distance)
      .filter(({ distance }, rank) => distance < DOUBT && rank < MOST_IN_DOUBT)
      .map(({ index }) => index);
    for (const index of parameters.keys()) regimes[index] = entry(margins, index) > 0 ? ABOVE : BELOW;
    const reading = Float64Array.from(seen, (index) => row.values[index] as number);
    const noise = Float64Array.from(seen, (index) => signals[index]?.noise ?? 1);
    const results: Updated[] = [];
    for (let choice = 0; choice < 2 ** doubtful.length; choice++) {
      for (const [bit, index] of doubtful.entries()) regimes[index] = (choice >> bit) & 1 ? ABOVE : BELOW;
      const anticipated = this.#anticipate(belief, sigma, regimes, doubtful, seen);
      if (!anticipated) continue;
      const { prediction, spaces } = anticipated;
      results.push(confine(condition(belief, prediction, noise, reading), spaces));
    }
    return results;
  }

  /** Signed distance z − z_kink of each parameter from its kink, at a point. */
  #margins(mean: Float64Array): Float64Array {
    const outputs = new Float64Array(this.#model.outputs.length);
    this.#run(mean, outputs);
    return this.#marginsOf(mean, outputs);
  }

  #marginsOf(z: Float64Array, outputs: Float64Array): Float64Array {
    const kinks = new Float64Array(this.#bounds.length);
    this.#model.kinks(outputs, kinks);
    return kinks.map((kink, index) =>
      kink < (this.#bounds[index] as Bounds).high
        ? entry(z, index) - fromNatural(this.#bounds[index] as Bounds, kink)
        : Number.NEGATIVE_INFINITY,
    );
  }

  #run(z: Float64Array, outputs: Float64Array, regimes?: Int8Array): void {
    this.#model.evaluate(
      Float64Array.from(this.#bounds, (bound, index) => toNatural(bound, entry(z, index))),
      outputs,
      regimes,
    );
    this.modelRuns++;
  }

  #anticipate(
    belief: Gaussian,
    sigma: SigmaPoints,
    regimes: Int8Array,
    doubtful: readonly number[],
    seen: readonly number[],
  ): { prediction: Prediction; spaces: HalfSpace[] } | undefined {
    const size = this.#bounds.length;
    const outputs = new Float64Array(this.#model.outputs.length);
    const images = new Matrix(sigma.points.rows, seen.length);
    const margins = doubtful.map(() => new Float64Array(sigma.points.rows));
    for (let point = 0; point < sigma.points.rows; point++) {
      const z = sigma.points.data.subarray(point * size, (point + 1) * size);
      this.#run(z, outputs, regimes);
      if (!outputs.every(Number.isFinite)) return undefined;
      for (const [column, index] of seen.entries()) images.set(point, column, entry(outputs, index));
      if (doubtful.length === 0) continue;
      const all = this.#marginsOf(z, outputs);
      for (const [which, index] of doubtful.entries())
        (margins[which] as Float64Array)[point] = entry(all, index) * (regimes[index] === ABOVE ? 1 : -1);
    }
    const spaces = margins.map((margin) => lineariseMargin(sigma, belief, margin));
    return {
      prediction: addBias(belief, size, momentsOf(sigma, belief.mean.slice(0, size), images), seen),
      spaces,
    };
  }
}

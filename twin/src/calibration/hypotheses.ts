import type { TwinDefinition } from "../definition/twin-definition.ts";
import type { Gaussian } from "../estimation/gaussian.ts";
import type { Prediction, Updated } from "../estimation/gaussian-filter.ts";
import { CUBATURE, momentsOf, type SigmaPoints } from "../estimation/unscented-transform.ts";
import { entry, Matrix } from "../linear-algebra/matrix.ts";
import { steadyModel } from "../models/models.ts";
import { ABOVE, BELOW, type SteadyModel } from "../models/process-model.ts";
import { AT, conditionCensored } from "./evidence/censoring.ts";
import { addBias, confine, type HalfSpace, leadingSigmaPoints, lineariseMargin } from "./regimes.ts";
import type { EvidenceRow } from "./rows.ts";
import { type Bounds, fromNatural, toNatural } from "./soft-clamp.ts";

/** A regime is in doubt while its kink lies within so many standard deviations. */
const DOUBT = 5;
/** At most so many regimes are in doubt at once: 2^2 hypotheses. */
const MOST_IN_DOUBT = 2;

/** Readings of one time, whatever they come from. */
export interface Observed {
  /** Per reading: index of the model's output. */
  readonly outputs: readonly number[];
  /** Per reading: index of the signal whose bias it carries; undefined: none. */
  readonly biases: readonly (number | undefined)[];
  readonly reading: Float64Array;
  readonly noise: Float64Array;
  /** Per reading: `AT`, `ABOVE_SCALE` or `BELOW_SCALE`. */
  readonly beyond: Int8Array;
}

/** The readings of a row that are there. */
export function observedIn({ signals }: TwinDefinition, { values, beyond }: EvidenceRow): Observed {
  const seen = [...signals.keys()].filter((index) => !Number.isNaN(values[index] ?? Number.NaN));
  return {
    outputs: seen,
    biases: seen,
    reading: Float64Array.from(seen, (index) => values[index] as number),
    noise: Float64Array.from(seen, (index) => signals[index]?.noise ?? 1),
    beyond: Int8Array.from(seen, (index) => beyond?.[index] ?? AT),
  };
}

/** An output measured once, by a method with an error of its own and no bias that is known. */
export const measured = (
  output: number,
  { value, sd }: { readonly value: number; readonly sd: number },
): Observed => ({
  outputs: [output],
  biases: [undefined],
  reading: Float64Array.of(value),
  noise: Float64Array.of(sd),
  beyond: Int8Array.of(AT),
});

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

  /** Signals come first, then virtual sensors, as in the model's outputs. */
  outputIndex(id: string): number {
    const { signals, virtualSensors } = this.#definition;
    return [...signals, ...virtualSensors].findIndex((output) => output.id === id);
  }

  /**
   * One update per hypothesis about the regimes that are in doubt; elsewhere the regime is the one on whose side the mean lies.
   * A hypothesis under which the model gives no finite output somewhere in the belief is left out.
   */
  update(belief: Gaussian, observed: Observed): Updated[] {
    const { parameters } = this.#definition;
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
    const results: Updated[] = [];
    for (let choice = 0; choice < 2 ** doubtful.length; choice++) {
      for (const [bit, index] of doubtful.entries()) regimes[index] = (choice >> bit) & 1 ? ABOVE : BELOW;
      const anticipated = this.#anticipate(belief, sigma, regimes, doubtful, observed);
      if (!anticipated) continue;
      const { prediction, spaces } = anticipated;
      const { noise, reading, beyond } = observed;
      results.push(confine(conditionCensored(belief, prediction, noise, reading, beyond), spaces));
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
    { outputs: seen, biases }: Observed,
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
      prediction: addBias(belief, size, momentsOf(sigma, belief.mean.slice(0, size), images), biases),
      spaces,
    };
  }
}

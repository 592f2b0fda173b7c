import type { Gaussian } from "../gaussian.ts";
import type { FormName } from "./covariance-form.ts";
import type { AssimilatedScalar, FilteredStep } from "./filter.ts";
import { innovationOf } from "./innovation.ts";
import { LikelihoodSum } from "./likelihood.ts";
import type { LinearModel, Observation, Transition } from "./model.ts";
import { ModelChecks } from "./model-checks.ts";
import { Recursion } from "./recursion.ts";
import { RowSplitter, type ScalarRows, scalarValues } from "./scalar-rows.ts";

/** One walk through a series. */
export class FilterPass {
  readonly recursion: Recursion;
  readonly sum: LikelihoodSum = new LikelihoodSum();
  readonly #model: LinearModel;
  readonly #checks: ModelChecks;
  readonly #splitter = new RowSplitter();
  #at: number | "first reading";
  #step = 0;

  constructor(model: LinearModel, form: FormName) {
    this.#model = model;
    this.#checks = new ModelChecks(model);
    this.#at = model.start.at;
    this.recursion = new Recursion(model, form);
  }

  /** To the time of the next reading. */
  advance(time: number): Transition | undefined {
    const elapsed = this.#at === "first reading" ? 0 : time - this.#at;
    this.#at = time;
    if (elapsed === 0) return undefined;
    const transition = this.#checks.transition(this.#model.transition(elapsed, this.#step));
    this.recursion.predict(transition);
    return transition;
  }

  assimilate(reading: Float64Array, keep: AssimilatedScalar[] | undefined): [Observation, ScalarRows] {
    const observation = this.#checks.observation(this.#model.observation(this.#step++));
    const split = this.#splitter.split(observation, reading);
    const values = scalarValues(split, reading);
    const { recursion, sum } = this;
    for (let index = 0; index < values.length; index++) {
      const row = split.rows[index] as Float64Array;
      recursion.absorb(row, values[index] as number, split.noises[index] as number);
      if (recursion.diffuseVariance > 0) sum.addDiffuse(recursion.diffuseVariance);
      else sum.add(recursion.innovation, recursion.variance);
      keep?.push(scalarOf(recursion, row));
    }
    return [observation, split];
  }

  step(time: number, reading: Float64Array): FilteredStep {
    const { recursion } = this;
    const transition = this.advance(time);
    const predicted = beliefOf(recursion);
    const diffuse = recursion.directions.matrix();
    const scalars: AssimilatedScalar[] = [];
    const [observation, split] = this.assimilate(reading, scalars);
    const standardised = new Float64Array(reading.length).fill(Number.NaN);
    let nis = 0;
    let size = 0;
    scalars.forEach((scalar, index) => {
      if (scalar.diffuse !== undefined) return;
      const value = scalar.innovation / Math.sqrt(scalar.variance);
      standardised[split.outputs[index] as number] = value;
      nis += value * value;
      size++;
    });
    const innovation = innovationOf(observation, predicted.mean, reading);
    const filtered = beliefOf(recursion);
    return {
      time,
      transition,
      observation,
      reading,
      predicted,
      diffuse,
      stillDiffuse: recursion.directions.matrix(),
      filtered,
      innovation,
      standardised,
      nis,
      size,
      scalars,
      split,
    };
  }
}

const beliefOf = ({ mean, form }: Recursion): Gaussian => ({
  mean: mean.slice(),
  covariance: form.covariance(),
});

/** Copies what the recursion's fields hold; the second gain is K₁ = (P z − K F)/F∞. */
function scalarOf(recursion: Recursion, row: Float64Array): AssimilatedScalar {
  const { innovation, variance, diffuseVariance, along } = recursion;
  const gain = recursion.gain.slice();
  if (diffuseVariance === 0) return { row, innovation, variance, gain };
  const second = gain.map((value, index) => ((along[index] as number) - value * variance) / diffuseVariance);
  return { row, innovation, variance, gain, diffuse: { variance: diffuseVariance, gain: second } };
}

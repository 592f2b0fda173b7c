import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";
import type { FormName } from "./covariance-form.ts";
import { type DiffuseConvention, type Likelihood, LikelihoodSum } from "./likelihood.ts";
import type { LinearModel, Observation, Transition } from "./model.ts";
import { checkStart, ModelChecks } from "./model-checks.ts";
import { checkedSeries, type Readings, type Series } from "./readings.ts";
import { Recursion } from "./recursion.ts";
import { RowSplitter, type ScalarRows, scalarValues } from "./scalar-rows.ts";

export interface FilterOptions {
  /** How the covariance is carried; "sequential" when absent. */
  readonly form?: FormName;
  /** Constants of the log-likelihood; "omit" when absent. */
  readonly diffuse?: DiffuseConvention;
}

/** One scalar of a reading as it was assimilated; what the smoothers go back through. */
export interface AssimilatedScalar {
  /** z. */
  readonly row: Float64Array;
  readonly innovation: number;
  /** F = zᵀPz + r, with the P of before this scalar. */
  readonly variance: number;
  readonly gain: Float64Array;
  /** Present where the scalar ended a diffuse direction: F∞, and the next term of the gain in 1/κ. */
  readonly diffuse?: { readonly variance: number; readonly gain: Float64Array };
}

/** What was believed around one reading. */
export interface FilteredStep {
  readonly time: number;
  /** How the state came here from the step before, or from the start; undefined where the start holds here. */
  readonly transition: Transition | undefined;
  readonly observation: Observation;
  readonly reading: Float64Array;
  /** Before the reading. While directions are diffuse: the finite part of the belief. */
  readonly predicted: Gaussian;
  /** Directions of which nothing was known before the reading, n × d; undefined when there were none. */
  readonly diffuse: Matrix | undefined;
  /** Directions of which nothing is known even after it. */
  readonly stillDiffuse: Matrix | undefined;
  /** After the reading. */
  readonly filtered: Gaussian;
  /** y − Z m − d, m; NaN where missing. */
  readonly innovation: Float64Array;
  /** Innovations as independent N(0, 1) numbers, m; NaN where missing or diffuse. */
  readonly standardised: Float64Array;
  /** Normalised innovation squared over `size` scalars: χ²(size) if the model is right. */
  readonly nis: number;
  readonly size: number;
  readonly scalars: readonly AssimilatedScalar[];
  readonly split: ScalarRows;
}

export interface Filtered extends Likelihood {
  readonly model: LinearModel;
  readonly steps: readonly FilteredStep[];
}

/**
 * The Kalman filter over a whole series: exact for linear Gaussian models, with an exact diffuse start.
 *
 * Readings are assimilated one scalar after the other (correlated noise is decorrelated first), so nothing is inverted and
 * any component may be missing (NaN). A row without any component is prediction only.
 *
 * Fails where a reading is held for certain beforehand (no noise anywhere): SINGULAR_INNOVATION.
 *
 * @throws {TwinError} NO_READINGS, BAD_SHAPE, BAD_READING, OUT_OF_ORDER, NOT_FINITE, NOT_SYMMETRIC,
 *   NOT_POSITIVE_SEMIDEFINITE, SINGULAR_INNOVATION.
 * @see Kalman (1960), J. Basic Eng. 82; Durbin & Koopman (2012), §§4.3, 5.2, 6.4.
 */
export function kalmanFilter(model: LinearModel, readings: Readings, options: FilterOptions = {}): Filtered {
  checkStart(model);
  const { times, rows } = checkedSeries(readings, model.outputs, model.start.at);
  const pass = new FilterPass(model, options.form ?? "sequential");
  const steps = rows.map((row, index) => pass.step(times[index] as number, row));
  const { directions } = pass.recursion;
  return {
    ...pass.sum.likelihood(options.diffuse ?? "omit", directions.count),
    model,
    steps,
  };
}

/**
 * The log-likelihood alone: the same numbers as `kalmanFilter`, without keeping the way there.
 * @throws {TwinError} as `kalmanFilter`.
 */
export function logLikelihood(
  model: LinearModel,
  readings: Readings,
  options: FilterOptions = {},
): Likelihood {
  checkStart(model);
  return likelihoodOfSeries(model, checkedSeries(readings, model.outputs, model.start.at), options);
}

/** For readings and a start that have been checked before: many models, one series. */
export function likelihoodOfSeries(
  model: LinearModel,
  { times, rows }: Series,
  options: FilterOptions = {},
): Likelihood {
  const pass = new FilterPass(model, options.form ?? "sequential");
  rows.forEach((row, index) => {
    pass.advance(times[index] as number);
    pass.assimilate(row, undefined);
  });
  return pass.sum.likelihood(options.diffuse ?? "omit", pass.recursion.directions.count);
}

/** One walk through a series. */
class FilterPass {
  readonly recursion: Recursion;
  readonly sum = new LikelihoodSum();
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

/** y − Z m − d. */
export function innovationOf(
  { matrix, offset }: Observation,
  mean: Float64Array,
  reading: Float64Array,
): Float64Array {
  return reading.map((value, output) => {
    let innovation = value - (offset?.[output] ?? 0);
    for (let state = 0; state < mean.length; state++)
      innovation -= matrix.get(output, state) * (mean[state] as number);
    return innovation;
  });
}

/** Copies what the recursion's fields hold; the second gain is K₁ = (P z − K F)/F∞. */
function scalarOf(recursion: Recursion, row: Float64Array): AssimilatedScalar {
  const { innovation, variance, diffuseVariance, along } = recursion;
  const gain = recursion.gain.slice();
  if (diffuseVariance === 0) return { row, innovation, variance, gain };
  const second = gain.map((value, index) => ((along[index] as number) - value * variance) / diffuseVariance);
  return { row, innovation, variance, gain, diffuse: { variance: diffuseVariance, gain: second } };
}

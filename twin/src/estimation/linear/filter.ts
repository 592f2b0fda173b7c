import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";
import type { AdaptiveOptions } from "./adaptive.ts";
import type { FormName } from "./covariance-form.ts";
import { FilterPass } from "./filter-pass.ts";
import type { DiffuseConvention, Likelihood } from "./likelihood.ts";
import type { LinearModel, Observation, Transition } from "./model.ts";
import { checkStart } from "./model-checks.ts";
import { checkedSeries, type Readings, type Series } from "./readings.ts";
import type { Robust } from "./robust.ts";
import type { ScalarRows } from "./scalar-rows.ts";
import { isSmall, smallLikelihood } from "./small-likelihood.ts";

export interface FilterOptions {
  /** How the covariance is carried. When absent, "sequential", or unrolled "ud" kernels where a likelihood alone allows. */
  readonly form?: FormName;
  /** Constants of the log-likelihood; "omit" when absent. */
  readonly diffuse?: DiffuseConvention;
  /** What to do with readings that do not fit: `gate`, `huber` or `studentT`. All are taken when absent. */
  readonly robust?: Robust;
  /** A noise that follows the innovations within bounds; smoothers then use what it was. */
  readonly adaptive?: AdaptiveOptions;
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
  /** Innovations as independent N(0, 1) numbers, m, under the model's own noise; NaN where missing or diffuse. */
  readonly standardised: Float64Array;
  /** Normalised innovation squared over `size` scalars: χ²(size) if the model is right. */
  readonly nis: number;
  readonly size: number;
  /** ln p(y | before), convention "omit". */
  readonly logLikelihood: number;
  /** Per output: 1 taken as it is, below 1 weighed down, 0 left out, NaN missing. */
  readonly weights: Float64Array;
  /** Factors on Q and R after this reading; 1 unless adaptive. */
  readonly noiseFactors: { readonly process: number; readonly observation: Float64Array };
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
  const series = checkedSeries(readings, model.outputs, model.start.at);
  const pass = new FilterPass(model, options);
  const steps = Array.from(series.times, (time, index) => pass.step(time, series.row(index)));
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
  series: Series,
  options: FilterOptions = {},
): Likelihood {
  const pass = new FilterPass(model, options);
  const { recursion, sum } = pass;
  const unseen = (): Likelihood => sum.likelihood(options.diffuse ?? "omit", recursion.directions.count);
  let tryKernels = options.form === undefined && pass.isPlain && isSmall(model);
  for (let index = 0; index < series.length; index++) {
    pass.advance(series.times[index] as number);
    if (tryKernels && recursion.directions.count === 0) {
      const { mean, form } = recursion;
      const rest = smallLikelihood(model, series, { from: index, mean, covariance: form.covariance().data });
      if (rest !== undefined) {
        sum.addRest(rest);
        return unseen();
      }
      tryKernels = false;
    }
    if (pass.isPlain) pass.absorb(series.row(index));
    else pass.assimilate(series.row(index));
  }
  return unseen();
}

/** Share of the scalars read that were weighed down or left out. */
export function outlierShare({ steps }: Filtered): number {
  const weights = steps.flatMap((step) => Array.from(step.weights)).filter((weight) => !Number.isNaN(weight));
  return weights.length === 0 ? 0 : weights.filter((weight) => weight < 1).length / weights.length;
}

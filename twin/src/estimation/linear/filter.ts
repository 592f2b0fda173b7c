import { TwinError } from "../../errors.ts";
import { FilterPass } from "./filter-pass.ts";
import type { Filtered, FilterOptions } from "./filtered.ts";
import { guardedModel } from "./guarded-model.ts";
import type { Likelihood } from "./likelihood.ts";
import type { LinearModel } from "./model.ts";
import { checkStart } from "./model-checks.ts";
import { checkedSeries, type Readings, type Series } from "./readings.ts";
import { isSmall, smallLikelihood } from "./small-likelihood.ts";

/**
 * The Kalman filter over a whole series: exact for linear Gaussian models, with an exact diffuse start.
 *
 * Readings are assimilated one scalar after the other (correlated noise is decorrelated first), so nothing is inverted and
 * any component may be missing (NaN). A row without any component is prediction only.
 *
 * Fails where a reading is held for certain beforehand (no noise anywhere): SINGULAR_INNOVATION.
 *
 * @throws {TwinError} NO_READINGS, BAD_SHAPE, BAD_READING, OUT_OF_ORDER, BAD_OPTION, NOT_FINITE, NOT_SYMMETRIC,
 *   NOT_POSITIVE_SEMIDEFINITE, SINGULAR_INNOVATION; OVERFLOW for a mode that grows out of the doubles;
 *   MODEL_FAILED for what a model's own code throws.
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
  const series = checkedSeries(readings, model.outputs, model.start.at);
  const likelihood = likelihoodOfSeries(guardedModel(model), series, options);
  if (Number.isNaN(likelihood.logLikelihood) || likelihood.logLikelihood === Number.NEGATIVE_INFINITY)
    throw new TwinError(
      "OVERFLOW",
      `the log-likelihood of ${series.length} readings is ${likelihood.logLikelihood}`,
      "numbers have left the doubles: filter the series to see at which reading, and check the model's units",
    );
  return likelihood;
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

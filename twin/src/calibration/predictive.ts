import type { ParameterSet } from "../contract/parameter-set.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { CUBATURE, type Moments, momentsOf, sigmaPoints } from "../estimation/unscented-transform.ts";
import { cholesky, logDeterminant } from "../linear-algebra/cholesky.ts";
import { dot, entry, Matrix } from "../linear-algebra/matrix.ts";
import { solveLower } from "../linear-algebra/triangular.ts";
import { steadyModel } from "../models/models.ts";
import { MILLIS_PER_DAY } from "../units.ts";
import { boundsOf, driftRate, fromNatural } from "./soft-clamp.ts";

/** What is believed of a machine at some time: enough to predict its next row. */
export interface Belief {
  readonly means: Float64Array;
  /** Natural scale, parameters × parameters. */
  readonly covariance: Matrix;
  readonly biases: readonly number[];
  readonly biasSds: readonly number[];
}

/**
 * The predictive distribution of the signals: sigma points of N(θ̂, P + q² Δt) through h, plus biases; q is the drift rate at θ̂.
 * A point beyond a bound is evaluated at the bound. Sensor noise is *not* included.
 */
export function predictive(
  definition: TwinDefinition,
  { means, covariance, biases, biasSds }: Belief,
  age: number,
): Moments {
  const model = steadyModel(definition.model);
  const spread = covariance.copy();
  const days = Math.max(age, 0) / MILLIS_PER_DAY;
  for (const [index, parameter] of definition.parameters.entries()) {
    const bounds = boundsOf(parameter);
    spread.add(
      index,
      index,
      driftRate(bounds, fromNatural(bounds, entry(means, index)), parameter.drift) ** 2 * days,
    );
  }
  const sigma = sigmaPoints(means, spread, CUBATURE);
  const images = new Matrix(sigma.points.rows, definition.signals.length);
  const outputs = new Float64Array(model.outputs.length);
  for (let point = 0; point < sigma.points.rows; point++) {
    const theta = Float64Array.from(definition.parameters, ({ bounds }, index) =>
      Math.min(Math.max(sigma.points.get(point, index), bounds[0]), bounds[1]),
    );
    model.evaluate(theta, outputs);
    for (let column = 0; column < images.columns; column++)
      images.set(point, column, entry(outputs, column) + (biases[column] ?? 0));
  }
  const moments = momentsOf(sigma, means, images);
  for (const [index, sd] of biasSds.entries()) moments.covariance.add(index, index, sd * sd);
  return moments;
}

/** Model runs of one `predictive`. */
export const predictiveRuns = (definition: TwinDefinition): number => 2 * definition.parameters.length;

/** The belief that a parameter set states, and its age at a time: version 0 rests on no data; its age counts from `since`. */
export const beliefOf = (set: ParameterSet): Belief => ({
  means: Float64Array.from(set.parameters, ({ mean }) => mean),
  covariance: new Matrix(set.parameters.length, set.parameters.length, Float64Array.from(set.covariance)),
  biases: set.signals.map(({ bias }) => bias),
  biasSds: set.signals.map(({ biasSd }) => biasSd),
});
export const ageOf = (set: ParameterSet, at: number, since: number): number =>
  at - (set.version === 0 ? since : set.window[1]);

/** ln N(y; E[y], Cov[y] + R/n) over the signals that are present, and its normalised square; constants left out. */
export function scoreRow(
  definition: TwinDefinition,
  { mean, covariance }: Moments,
  values: readonly number[],
  rows = 1,
): { readonly logScore: number; readonly nis: number; readonly size: number } {
  const seen = definition.signals.flatMap((_, index) =>
    Number.isNaN(values[index] ?? Number.NaN) ? [] : [index],
  );
  const total = new Matrix(seen.length, seen.length);
  for (const [row, left] of seen.entries()) {
    for (const [column, right] of seen.entries()) total.set(row, column, covariance.get(left, right));
    total.add(row, row, (definition.signals[left]?.noise ?? 1) ** 2 / rows);
  }
  const factor = cholesky(total);
  const whitened = solveLower(
    factor,
    new Matrix(
      seen.length,
      1,
      Float64Array.from(seen, (index) => (values[index] as number) - entry(mean, index)),
    ),
  ).data;
  const nis = dot(whitened, whitened);
  return { logScore: -0.5 * (nis + logDeterminant(factor)), nis, size: seen.length };
}

/** The signals as the means alone have them: one model run, no spread. */
export function pointPrediction(definition: TwinDefinition, { means, biases }: Belief): Float64Array {
  const model = steadyModel(definition.model);
  const outputs = new Float64Array(model.outputs.length);
  model.evaluate(means, outputs);
  return Float64Array.from(definition.signals, (_, index) => entry(outputs, index) + (biases[index] ?? 0));
}

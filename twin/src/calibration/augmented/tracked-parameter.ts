import { TwinError } from "../../errors.ts";
import type { Gaussian } from "../../estimation/gaussian.ts";
import { entry, Matrix } from "../../linear-algebra/matrix.ts";
import { identity, type Transform } from "../../optimisation/transforms.ts";
import { standardNormalQuantile } from "../../probability/normal.ts";

/**
 * An unknown parameter θ that is followed while the machine runs, on the scale of z = transform⁻¹(θ):
 *
 *     z ~ N(mean, sd²) at the start,     dz = √drift dW
 */
export interface TrackedParameter {
  readonly id: string;
  /** Of θ. */
  readonly unit?: string;
  /** Keeps θ inside its bounds; default θ = z. */
  readonly transform?: Transform;
  /** Of z. */
  readonly mean: number;
  /** Of z, > 0. */
  readonly sd: number;
  /**
   * Variance that z gains in a unit of time; default 0, a constant. A Gaussian filter with no drift stops learning: what is
   * left of its error is taken for knowledge. What drift is right is a question for the likelihood.
   */
  readonly drift?: number;
}

/** What is believed of one parameter, on its natural scale. */
export interface ParameterBelief {
  readonly id: string;
  readonly unit?: string;
  readonly median: number;
  /** The value with this probability below it. */
  quantile(probability: number): number;
}

/** θ from z. */
export function naturalValues(
  parameters: readonly TrackedParameter[],
  z: ArrayLike<number>,
  out: Float64Array = new Float64Array(parameters.length),
): Float64Array {
  for (let index = 0; index < parameters.length; index++)
    out[index] = transformOf(parameters[index] as TrackedParameter).toNatural(entry(z, index));
  return out;
}

/** The parameters as normals in z; `first` is the place of the first one in the belief. */
export const normalBeliefs = (
  parameters: readonly TrackedParameter[],
  { mean, covariance }: Gaussian,
  first: number,
): ParameterBelief[] =>
  parameters.map((parameter, index) => {
    const at = first + index;
    const sd = Math.sqrt(covariance.get(at, at));
    return beliefOf(parameter, (probability) => entry(mean, at) + sd * standardNormalQuantile(probability));
  });

/** `quantile` gives z. */
export function beliefOf(
  parameter: TrackedParameter,
  quantile: (probability: number) => number,
): ParameterBelief {
  const { toNatural } = transformOf(parameter);
  return {
    id: parameter.id,
    ...(parameter.unit === undefined ? {} : { unit: parameter.unit }),
    median: toNatural(quantile(0.5)),
    quantile: (probability) => toNatural(quantile(probability)),
  };
}

export const transformOf = ({ transform = identity }: TrackedParameter): Transform => transform;

/** z of all parameters at the start. */
export const priorOf = (parameters: readonly TrackedParameter[]): Gaussian => ({
  mean: Float64Array.from(parameters, ({ mean }) => mean),
  covariance: Matrix.diagonal(parameters.map(({ sd }) => sd * sd)),
});

/** Variance that each z gains between two times. */
export const driftOver = (parameters: readonly TrackedParameter[], from: number, to: number): Matrix =>
  Matrix.diagonal(parameters.map(({ drift = 0 }) => drift * (to - from)));

/** @throws {TwinError} BAD_PARAMETER, with the id and the value. */
export function requireParameters(parameters: readonly TrackedParameter[]): void {
  if (parameters.length === 0) throw badParameter("there is no parameter to track", "at least one");
  const ids = parameters.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined)
    throw badParameter(`two parameters are named ${JSON.stringify(twice)}`, "distinct ids");
  for (const { id, mean, sd, drift = 0 } of parameters) {
    if (!(Number.isFinite(mean) && sd > 0 && sd < Number.POSITIVE_INFINITY))
      throw badParameter(`${id} starts at ${mean} ± ${sd}`, "a finite mean and a positive, finite sd");
    if (!(drift >= 0 && drift < Number.POSITIVE_INFINITY))
      throw badParameter(`${id} drifts by ${drift}`, "a variance per unit of time, 0 or more");
  }
}

const badParameter = (found: string, expected: string): TwinError =>
  new TwinError("BAD_PARAMETER", found, `expected ${expected}`);

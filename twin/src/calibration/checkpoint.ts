import { canonicalJson, readState } from "../contract/canonical-json.ts";
import { definitionDigest } from "../definition/digest.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { TwinError } from "../errors.ts";
import type { Gaussian } from "../estimation/gaussian.ts";
import { Matrix } from "../linear-algebra/matrix.ts";
import type { Marginal } from "./density.ts";

/** All that the next row depends on. Never changed in place: a step that fails leaves the one before it. */
export interface AssimilatorState {
  readonly at: number | undefined;
  readonly belief: Gaussian;
  /** One per parameter: what is reported of the last row's mixture. */
  readonly marginals: readonly Marginal[];
  /** The parameters as they would be believed without any data: what the data taught is measured against it. */
  readonly unlearnt: Gaussian;
  readonly modelRuns: number;
  readonly points: number;
}

/** Bit-exact. */
export const writeCheckpoint = (
  definition: TwinDefinition,
  { at, belief, marginals, unlearnt, modelRuns, points }: AssimilatorState,
): string =>
  canonicalJson({
    at: at ?? null,
    covariance: belief.covariance.data,
    definition: definitionDigest(definition),
    mean: belief.mean,
    marginals,
    modelRuns,
    points,
    unlearnt: { covariance: unlearnt.covariance.data, mean: unlearnt.mean },
  });

/** @throws {TwinError} BAD_CHECKPOINT */
export function readCheckpoint(definition: TwinDefinition, checkpoint: string): AssimilatorState {
  const parameters = definition.parameters.length;
  const found = readState<Checkpoint>(checkpoint) ?? {};
  const { definition: digest, at, unlearnt, marginals, modelRuns, points } = found;
  if (
    digest !== definitionDigest(definition) ||
    !isGaussian(found, parameters + definition.signals.length) ||
    !isGaussian(unlearnt, parameters) ||
    marginals?.length !== parameters ||
    !marginals.every(isMarginal) ||
    !(at === null || isCount(at)) ||
    !(isCount(modelRuns) && isCount(points))
  )
    throw new TwinError(
      "BAD_CHECKPOINT",
      "the checkpoint is damaged or was made with another twin definition",
      "start from the prior and replay the history",
    );
  return {
    at: at ?? undefined,
    belief: gaussianOf(found),
    marginals,
    unlearnt: gaussianOf(unlearnt),
    modelRuns,
    points,
  };
}

interface Moments {
  readonly mean: readonly number[];
  readonly covariance: readonly number[];
}

interface Checkpoint extends Moments {
  readonly definition: string;
  readonly marginals: readonly Marginal[];
  readonly at: number | null;
  readonly unlearnt: Moments;
  readonly modelRuns: number;
  readonly points: number;
}

const isCount = (value: unknown): value is number => Number.isFinite(value);

const isGaussian = (moments: Partial<Moments> | undefined, size: number): moments is Moments =>
  moments?.mean?.length === size &&
  moments.covariance?.length === size * size &&
  moments.mean.every(Number.isFinite) &&
  moments.covariance.every(Number.isFinite) &&
  moments.mean.every((_, index) => (moments.covariance?.[index * (size + 1)] ?? 0) > 0);

const isMarginal = (marginal: Marginal): boolean =>
  Array.isArray(marginal) &&
  marginal.length > 0 &&
  marginal.every(
    ({ weight, mean, sd }) =>
      weight >= 0 && Number.isFinite(weight) && Number.isFinite(mean) && sd > 0 && Number.isFinite(sd),
  );

const gaussianOf = ({ mean, covariance }: Moments): Gaussian => ({
  mean: Float64Array.from(mean),
  covariance: new Matrix(mean.length, mean.length, Float64Array.from(covariance)),
});

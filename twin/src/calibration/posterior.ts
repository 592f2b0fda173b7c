import type { Interval, ParameterEstimate, SignalEstimate } from "../contract/parameter-set.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import type { Gaussian } from "../estimation/gaussian.ts";
import { entry } from "../linear-algebra/matrix.ts";
import { type Marginal, summarise } from "./density.ts";
import type { Bounds } from "./soft-clamp.ts";

/** Belief right after one row: what a causal reader would have said then. */
export interface PosteriorPoint {
  readonly at: number;
  readonly parameters: readonly {
    readonly id: string;
    readonly mean: number;
    readonly sd: number;
    readonly interval90: Interval;
  }[];
  readonly nis: number;
  readonly size: number;
}

/** The posterior as a candidate for a parameter set. */
export interface CandidatePosterior {
  readonly at: number;
  readonly parameters: readonly ParameterEstimate[];
  readonly covariance: readonly number[];
  readonly signals: readonly SignalEstimate[];
}

/** The marginal of each leading coordinate of a mixture. */
export const marginalsOf = (
  mixture: readonly { readonly weight: number; readonly gaussian: Gaussian }[],
  count: number,
): Marginal[] =>
  Array.from({ length: count }, (_, index) =>
    mixture.map(({ weight, gaussian }) => ({
      weight,
      mean: entry(gaussian.mean, index),
      sd: Math.sqrt(gaussian.covariance.get(index, index)),
    })),
  );

/** Mean, sd and intervals of highest density of each parameter on its natural scale. */
export const summaries = (
  { parameters }: TwinDefinition,
  bounds: readonly Bounds[],
  marginals: readonly Marginal[],
  levels: readonly number[],
): { id: string; unit: string; mean: number; sd: number; intervals: readonly Interval[] }[] =>
  parameters.map(({ id, unit }, index) => ({
    id,
    unit,
    ...summarise(marginals[index] as Marginal, bounds[index] as Bounds, levels),
  }));

/** What was believed after a row: the mixture's marginals, the joint Gaussian, and the belief without any data. */
export interface Believed {
  readonly at: number;
  readonly belief: Gaussian;
  readonly marginals: readonly Marginal[];
  readonly unlearnt: Gaussian;
}

/** D C D with natural standard deviations D and the correlations C of the transformed coordinates: positive definite. */
export function candidatePosterior(
  definition: TwinDefinition,
  bounds: readonly Bounds[],
  { at, belief, marginals, unlearnt }: Believed,
): CandidatePosterior {
  const { parameters, signals } = definition;
  const known = summaries(definition, bounds, marginals, [0.9, 0.99]);
  const without = summaries(
    definition,
    bounds,
    marginalsOf([{ weight: 1, gaussian: unlearnt }], parameters.length),
    [],
  );
  const { covariance } = belief;
  const correlation = (row: number, column: number): number =>
    covariance.get(row, column) / Math.sqrt(covariance.get(row, row) * covariance.get(column, column));
  return {
    at,
    parameters: known.map(({ id, unit, mean, sd, intervals }, index) => ({
      id,
      unit,
      mean,
      sd,
      interval90: intervals[0] as Interval,
      interval99: intervals[1] as Interval,
      identifiable: identifiability(sd / (without[index]?.sd ?? sd)),
    })),
    covariance: known.flatMap((one, row) =>
      known.map((other, column) => (row === column ? one.sd : correlation(row, column) * one.sd) * other.sd),
    ),
    signals: signals.map(({ id, noise }, index) => ({
      id,
      noise,
      bias: entry(belief.mean, parameters.length + index),
      biasSd: Math.sqrt(covariance.get(parameters.length + index, parameters.length + index)),
    })),
  };
}

const identifiability = (contraction: number): ParameterEstimate["identifiable"] =>
  contraction < 0.1 ? "well" : contraction < 0.7 ? "weakly" : "not";

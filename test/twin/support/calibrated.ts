import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import type { CandidatePosterior, PosteriorPoint } from "@plumbline/twin/calibration/posterior";
import type { EvidenceRow } from "@plumbline/twin/calibration/rows";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { webLine } from "@plumbline/twin/definition/web-line";
import { seeded } from "../../support/random.ts";
import { PRIOR } from "./quiet-windows.ts";
import { DAY, drags, noisyValues, PARAMETERS, parameterIndex, SIGNALS, START } from "./web-line-truth.ts";

export const newAssimilator = (definition: TwinDefinition = webLine): Assimilator =>
  Assimilator.start(definition);

export const rowAt = (day: number, values: readonly number[], inMode = true): EvidenceRow => ({
  at: START + day * DAY,
  values,
  inMode,
});
export const NOTHING: readonly number[] = SIGNALS.map(() => Number.NaN);

/** Noisy rows of a line whose drags are a function of the day; no biases. */
export function rowsOf(
  count: number,
  perDay: number,
  wear: (day: number) => Readonly<Record<string, number>>,
  seed: number,
): EvidenceRow[] {
  const dice = seeded(seed);
  return Array.from({ length: count }, (_, row) =>
    rowAt(row / perDay, noisyValues(drags(wear(row / perDay)), dice)),
  );
}

export function assimilated(
  rows: readonly EvidenceRow[],
  assimilator: Assimilator = newAssimilator(),
): Assimilator {
  for (const row of rows) assimilator.assimilate(row);
  return assimilator;
}

/** A posterior written by hand: given drags, known to `sd`, identified well. */
export function candidateOf(
  means: Readonly<Record<string, number>>,
  at: number,
  sd = 0.0005,
): CandidatePosterior {
  return {
    at,
    parameters: PRIOR.parameters.map((one) => ({
      ...one,
      mean: means[one.id] ?? one.mean,
      sd,
      identifiable: "well" as const,
    })),
    covariance: PARAMETERS.flatMap((_, row) =>
      PARAMETERS.map((_id, column) => (row === column ? sd * sd : 0)),
    ),
    signals: PRIOR.signals.map((one) => ({ ...one, biasSd: 0.01 * one.noise })),
  };
}

/** A causal posterior written by hand; its NIS is what 21 readings should give, times a factor. */
export function pointOf(
  at: number,
  means: Readonly<Record<string, number>>,
  nisFactor = 1,
  sd = 0.0005,
): PosteriorPoint {
  return {
    at,
    parameters: PRIOR.parameters.map(({ id, mean }) => ({
      id,
      mean: means[id] ?? mean,
      sd,
      interval90: [0, 0.5] as const,
    })),
    nis: SIGNALS.length * nisFactor,
    size: SIGNALS.length,
  };
}

/** A published set that states these drags. */
export function setOf(
  means: Readonly<Record<string, number>>,
  version: number,
  newest: number,
  sd = 0.0005,
): ParameterSet {
  const { parameters, covariance, signals } = candidateOf(means, newest, sd);
  return { ...PRIOR, version, issued: newest, window: [START, newest], parameters, covariance, signals };
}

export const estimateOf = (
  posterior: { readonly parameters: readonly { readonly mean: number; readonly sd: number }[] },
  id: string,
): { readonly mean: number; readonly sd: number } => posterior.parameters[parameterIndex(id)]!;

import type { ParameterSet } from "../contract/parameter-set.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import type { Moments } from "../estimation/unscented-transform.ts";
import { entry, Matrix } from "../linear-algebra/matrix.ts";
import type { CandidatePosterior, PosteriorPoint } from "./posterior.ts";
import {
  ageOf,
  type Belief,
  beliefOf,
  pointPrediction,
  predictive,
  predictiveRuns,
  scoreRow,
} from "./predictive.ts";
import type { EvidenceRow } from "./rows.ts";

/** A candidate before the judge. */
export interface Case {
  readonly definition: TwinDefinition;
  readonly incumbent: ParameterSet;
  readonly candidate: CandidatePosterior;
  /** The newest rows, in order: back to when the incumbent came into force, at most the policy's schedule, at least the held-out rows. */
  readonly recent: readonly EvidenceRow[];
  /** The causal posterior after each row, in the same order; may reach further back. */
  readonly trace: readonly PosteriorPoint[];
  readonly alarmed: boolean;
}

/** The numbers behind a verdict. */
export interface JudgeEvidence {
  readonly rows: number;
  /** ln p(last rows), each predicted from the rows before it: candidate, incumbent. */
  readonly heldOut: { readonly candidate: number; readonly incumbent: number; readonly rows: number };
  /** Largest sum, over all starting rows, of how much better the candidate's means fit than the incumbent's (nats). */
  readonly change: number;
  readonly nis: { readonly sum: number; readonly freedom: number };
  /** Readings of the held-out rows, and how many lay in the 90 % band predicted for them. */
  readonly coverage: { readonly inside: number; readonly readings: number };
  readonly moved: readonly {
    readonly id: string;
    readonly from: number;
    readonly to: number;
    readonly sd: number;
    readonly identifiable: string;
  }[];
  readonly alarmed: boolean;
  readonly modelRuns: number;
}

/** Rows that the held-out score is taken over. */
export const HELD_OUT = 16;
/** A parameter has moved when its estimates differ by so many joint standard deviations. */
const MOVED = 2.5;
/** Standard normal quantile of a two-sided 90 % band. */
const Z_95 = 1.6448536269514722;

export function gather({ definition, incumbent, candidate, recent, trace, alarmed }: Case): JudgeEvidence {
  const before = new Map(trace.map((point, index) => [point.at, { point, previous: trace[index - 1] }]));
  const pairs = recent.flatMap((row) => {
    const found = before.get(row.at);
    return row.inMode && found?.previous ? [{ row, point: found.point, previous: found.previous }] : [];
  });
  const old = beliefOf(incumbent);
  const theirMeans = pointPrediction(definition, old);
  let run = 0;
  let change = 0;
  for (const { row, previous } of pairs) {
    const myMeans = pointPrediction(definition, beliefAt(definition, previous, candidate));
    run = Math.max(0, run + misfit(definition, theirMeans, row) - misfit(definition, myMeans, row));
    change = Math.max(change, run);
  }
  const last = pairs.slice(-HELD_OUT);
  const middle = last[Math.floor(last.length / 2)];
  const theirs = predictive(definition, old, ageOf(incumbent, middle?.row.at ?? 0, middle?.previous.at ?? 0));
  const heldOut = { candidate: 0, incumbent: 0, rows: last.length };
  const nis = { sum: 0, freedom: 0 };
  const coverage = { inside: 0, readings: 0 };
  for (const { row, point, previous } of last) {
    const mine = predictive(definition, beliefAt(definition, previous, candidate), row.at - previous.at);
    heldOut.candidate += scoreRow(definition, mine, row.values).logScore;
    coverage.inside += insideBands(definition, mine, row);
    heldOut.incumbent += scoreRow(definition, theirs, row.values).logScore;
    nis.sum += point.nis;
    nis.freedom += point.size;
    coverage.readings += point.size;
  }
  const modelRuns = 1 + pairs.length + (1 + last.length) * predictiveRuns(definition);
  return {
    rows: pairs.length,
    heldOut,
    change,
    nis,
    coverage,
    moved: movedParameters(incumbent, candidate),
    alarmed,
    modelRuns,
  };
}

/** ½ Σ ((y − E[y])/σ)² over the signals present. */
function misfit({ signals }: TwinDefinition, mean: Float64Array, { values }: EvidenceRow): number {
  let sum = 0;
  for (const [index, { noise }] of signals.entries()) {
    const value = values[index] ?? Number.NaN;
    if (!Number.isNaN(value)) sum += 0.5 * ((value - (mean[index] as number)) / noise) ** 2;
  }
  return sum;
}

/** How many of a row's readings lie in their own predictive 90 % band. */
function insideBands(
  { signals }: TwinDefinition,
  { mean, covariance }: Moments,
  { values }: EvidenceRow,
): number {
  let inside = 0;
  for (const [index, { noise }] of signals.entries()) {
    const value = values[index] ?? Number.NaN;
    const sd = Math.sqrt(covariance.get(index, index) + noise * noise);
    if (Math.abs(value - entry(mean, index)) <= Z_95 * sd) inside++;
  }
  return inside;
}

/** The belief after a row, as far as the trace keeps it: marginals; biases as known now. */
function beliefAt(
  { parameters }: TwinDefinition,
  point: PosteriorPoint,
  { signals }: CandidatePosterior,
): Belief {
  return {
    means: Float64Array.from(parameters, (_, index) => point.parameters[index]?.mean ?? 0),
    covariance: Matrix.diagonal(parameters.map((_, index) => (point.parameters[index]?.sd ?? 1) ** 2)),
    biases: signals.map(({ bias }) => bias),
    biasSds: signals.map(({ biasSd }) => biasSd),
  };
}

/** Parameters whose two estimates differ by more than both uncertainties together explain. */
const movedParameters = (incumbent: ParameterSet, candidate: CandidatePosterior): JudgeEvidence["moved"] =>
  candidate.parameters.flatMap(({ id, mean, sd, identifiable }, index) => {
    const old = incumbent.parameters[index] ?? { mean, sd };
    return Math.abs(mean - old.mean) > MOVED * Math.hypot(sd, old.sd)
      ? [{ id, from: old.mean, to: mean, sd, identifiable }]
      : [];
  });

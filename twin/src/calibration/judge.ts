import type { ParameterSet } from "../contract/parameter-set.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { chiSquaredQuantile, Z_9999 } from "../estimation/consistency.ts";
import { Matrix } from "../linear-algebra/matrix.ts";
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

/** The numbers behind a verdict, for a page that shows why. */
export interface JudgeEvidence {
  readonly rows: number;
  /** ln p(last rows), each predicted from the rows before it: candidate, incumbent. */
  readonly heldOut: { readonly candidate: number; readonly incumbent: number; readonly rows: number };
  /** Largest sum, over all starting rows, of how much better the candidate's means fit than the incumbent's (nats). */
  readonly change: number;
  readonly nis: { readonly sum: number; readonly freedom: number };
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

export type Verdict =
  | { readonly kind: "accept"; readonly reason: string; readonly evidence: JudgeEvidence }
  | { readonly kind: "reject"; readonly reason: string; readonly evidence: JudgeEvidence }
  | {
      readonly kind: "wait";
      readonly rows: number;
      readonly reason: string;
      readonly evidence: JudgeEvidence;
    };

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

/** Rows that the held-out score is taken over. */
export const HELD_OUT = 16;
/** Hold rule: a change must be a thousand times likelier than none. */
const ENOUGH = Math.log(1000);
/** A parameter has moved when its estimates differ by so many joint standard deviations. */
const MOVED = 2.5;
/** A change larger than this many of its random walk's standard deviations is not wear. */
const IMPLAUSIBLE = 8;
const MILLIS_PER_DAY = 86_400_000;

/**
 * Whether a candidate may be put in force: accept, reject or wait, in this order of questions: enough rows? plausible?
 * consistent with its own predictions? evidence that anything moved (hold rule)? identifiable? better on held-out rows?
 *
 * Held-out by construction: row i is predicted from the posterior after row i − 1.
 * @see Dawid (1984), JRSS A 147 (prequential analysis); Rhinehart (2016) on holding coefficients without evidence.
 */
export function judge(given: Case): Verdict {
  const evidence = gather(given);
  return unready(given, evidence) ?? held(given, evidence) ?? compared(given, evidence);
}

const reject = (reason: string, evidence: JudgeEvidence): Verdict => ({ kind: "reject", reason, evidence });
const wait = (rows: number, reason: string, evidence: JudgeEvidence): Verdict => ({
  kind: "wait",
  rows,
  reason,
  evidence,
});

/** Too few rows, not to be believed, or at odds with itself. */
function unready(given: Case, evidence: JudgeEvidence): Verdict | undefined {
  const { heldOut, nis } = evidence;
  if (heldOut.rows < HELD_OUT) {
    return wait(HELD_OUT - heldOut.rows, `${heldOut.rows} of ${HELD_OUT} held-out rows so far`, evidence);
  }
  const wild = implausible(given);
  if (wild !== undefined) return reject(wild, evidence);
  if (nis.sum <= chiSquaredQuantile(nis.freedom, Z_9999)) return undefined;
  const told = `NIS ${nis.sum.toFixed(0)} over ${nis.freedom} readings`;
  return reject(`inconsistent with its own predictions: ${told}`, evidence);
}

/** The hold rule: nothing is put in force without evidence that a parameter moved, and which. */
function held({ alarmed }: Case, evidence: JudgeEvidence): Verdict | undefined {
  const { change, moved } = evidence;
  if (change < ENOUGH) {
    const why = alarmed ? "alarmed, but held-out rows do not show it yet" : "hold: no evidence of a change";
    return wait(HELD_OUT, `${why} (${change.toFixed(1)} of ${ENOUGH.toFixed(1)} nats)`, evidence);
  }
  if (!alarmed && moved.length === 0) {
    return wait(HELD_OUT, "hold: no parameter moved beyond what its uncertainty explains", evidence);
  }
  if (moved.length > 0 && moved.every(({ identifiable }) => identifiable === "not")) {
    const which = moved.map(({ id }) => id).join(", ");
    return wait(HELD_OUT, `what moved cannot be told apart yet: ${which}`, evidence);
  }
  return undefined;
}

/** Better than the incumbent on rows that it was not fitted to? */
function compared({ definition, incumbent }: Case, evidence: JudgeEvidence): Verdict {
  const gain = evidence.heldOut.candidate - evidence.heldOut.incumbent;
  const told = `${gain.toFixed(1)} nats over ${HELD_OUT} rows`;
  if (gain <= 0) return reject(`predicts no better than version ${incumbent.version}: ${told}`, evidence);
  const unitOf = (id: string): string => definition.parameters.find((one) => one.id === id)?.unit ?? "";
  const moves = evidence.moved.map(
    ({ id, from, to }) => `${id} ${from.toPrecision(3)} → ${to.toPrecision(3)} ${unitOf(id)}`,
  );
  return {
    kind: "accept",
    reason: [`predicts better by ${told}`, moves.join(", ")].filter(Boolean).join("; "),
    evidence,
  };
}

function gather({ definition, incumbent, candidate, recent, trace, alarmed }: Case): JudgeEvidence {
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
  for (const { row, point, previous } of last) {
    heldOut.candidate += scoreRow(
      definition,
      predictive(definition, beliefAt(definition, previous, candidate), row.at - previous.at),
      row.values,
    ).logScore;
    heldOut.incumbent += scoreRow(definition, theirs, row.values).logScore;
    nis.sum += point.nis;
    nis.freedom += point.size;
  }
  const modelRuns = 1 + pairs.length + (1 + last.length) * predictiveRuns(definition);
  return {
    rows: pairs.length,
    heldOut,
    change,
    nis,
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

function implausible({ definition, incumbent, candidate, trace }: Case): string | undefined {
  const since = incumbent.version === 0 ? (trace[0]?.at ?? candidate.at) : incumbent.window[1];
  const days = Math.max(candidate.at - since, MILLIS_PER_DAY) / MILLIS_PER_DAY;
  for (const [index, { id, drift, unit }] of definition.parameters.entries()) {
    const to = candidate.parameters[index]?.mean ?? 0;
    const from = incumbent.parameters[index]?.mean ?? to;
    const most = IMPLAUSIBLE * drift * Math.sqrt(days);
    if (Math.abs(to - from) > most)
      return `implausible: ${id} would jump from ${from.toPrecision(3)} to ${to.toPrecision(3)} ${unit} in ${days.toFixed(1)} days, at most ${most.toPrecision(3)} is believable`;
  }
  return undefined;
}

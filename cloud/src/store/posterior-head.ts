import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import type { Position } from "./frame-index.ts";
import { getJson, type Versioned } from "./json-object.ts";
import { posteriorKey } from "./layout.ts";
import type { ObjectStore } from "./object-store.ts";

/** A saved state of the estimator: after the row of event time `at`. */
export interface CheckpointEntry {
  readonly id: string;
  readonly at: number;
  readonly position: Position;
}
/** A piece of the causal trace: the posterior after each row with `from` ≤ event time ≤ `to`. */
export interface TraceEntry {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly points: number;
}
export type VerdictKind = "accept" | "reject" | "wait";
export interface LastVerdict {
  readonly kind: VerdictKind;
  readonly reason: string;
  /** Id of the evidence object. */
  readonly evidence: string;
  /** Event time up to which the evidence reaches. */
  readonly at: number;
  /** Scenario time at which it was reached. */
  readonly decided: number;
  readonly version?: number;
}
export interface IssuedVersion {
  readonly version: number;
  readonly issued: number;
  readonly evidence: string;
}
/** What was decided and is not yet told to everyone; carried out again until it is. */
export interface Unfinished {
  readonly points: readonly {
    readonly alias: string;
    readonly at: number;
    readonly value: number | string;
  }[];
  readonly set?: { readonly version: number; readonly payload: string };
}

/**
 * What recalibration knows of a machine, changed only by compare-and-swap. Holds:
 *  - every checkpoint and trace that it names exists, and is a function of the readings alone;
 *  - a version in `issued` never gets another content;
 *  - `unfinished` is carried out before anything new is decided.
 */
export interface PosteriorHead {
  readonly thing: string;
  readonly instance: string;
  readonly twin: { readonly id: string; readonly version: string };
  /** Digest of the definition: another one begins again from its prior. */
  readonly model: string;
  /** How far into the frames the estimate reaches, and how far the last verdict did. */
  readonly position: Position | null;
  readonly judged: Position | null;
  readonly at: number | null;
  readonly digest: string | null;
  /** Newest first. */
  readonly checkpoints: readonly CheckpointEntry[];
  /** Oldest first. */
  readonly traces: readonly TraceEntry[];
  readonly issued: number;
  readonly versions: readonly IssuedVersion[];
  readonly last: LastVerdict | null;
  readonly runs: {
    readonly run: number;
    readonly accepted: number;
    readonly rejected: number;
    readonly waited: number;
  };
  /** Of the estimator, over all runs, repetitions included; `points`: distinct rows in the posterior. */
  readonly modelRuns: number;
  readonly points: number;
  readonly unfinished: Unfinished | null;
}

export const emptyHead = (
  thing: string,
  instance: string,
  { id, version }: TwinDefinition,
  model: string,
): PosteriorHead => ({
  thing,
  instance,
  twin: { id, version },
  model,
  position: null,
  judged: null,
  at: null,
  digest: null,
  checkpoints: [],
  traces: [],
  issued: 0,
  versions: [],
  last: null,
  runs: { run: 0, accepted: 0, rejected: 0, waited: 0 },
  modelRuns: 0,
  points: 0,
  unfinished: null,
});

export const readHead = (
  store: ObjectStore,
  thing: string,
  instance: string,
): Promise<Versioned<PosteriorHead> | undefined> =>
  getJson<PosteriorHead>(store, posteriorKey(thing, instance));

/** The newest checkpoint and up to eight earlier ones. */
const MOST_CHECKPOINTS = 9;

/**
 * Adds checkpoints and keeps nine: the newest, and the rest spaced the wider the older they are, so that a late reading
 * costs a replay in proportion to its age.
 */
export function keepCheckpoints(
  known: readonly CheckpointEntry[],
  more: readonly CheckpointEntry[],
): readonly CheckpointEntry[] {
  const byTime = new Map([...known, ...more].map((entry) => [entry.at, entry]));
  const kept = [...byTime.values()].sort((left, right) => right.at - left.at);
  while (kept.length > MOST_CHECKPOINTS) kept.splice(leastMissed(kept), 1);
  return kept;
}

/** Among all but the newest and the oldest: the one whose neighbours lie closest together for their age. */
function leastMissed(newestFirst: readonly CheckpointEntry[]): number {
  const at = (index: number): number => newestFirst[index]?.at ?? 0;
  let least = 1;
  let smallest = Number.POSITIVE_INFINITY;
  for (let index = 1; index < newestFirst.length - 1; index++) {
    const spread = (at(index - 1) - at(index + 1)) / (at(0) - at(index + 1));
    if (spread < smallest) {
      smallest = spread;
      least = index;
    }
  }
  return least;
}

import type { Identifiable, Interval } from "./parameter-set.ts";

/** One line of a drill's log; `t` in days since row 0. The posterior is causal: it rests on readings up to `t` alone. */
export type DrillEntry =
  | {
      readonly type: "posterior";
      readonly t: number;
      readonly parameter: string;
      readonly mean: number;
      readonly sd: number;
      readonly interval90: Interval;
    }
  | {
      readonly type: "inforce";
      readonly t: number;
      readonly parameter: string;
      readonly value: number;
      readonly version: number;
    }
  | { readonly type: "alarm"; readonly t: number; readonly chart: string; readonly statistic?: number }
  | { readonly type: "refused"; readonly row: number; readonly reason: string }
  | { readonly type: "decision"; readonly t: number; readonly kind: string; readonly reason: string }
  | {
      /** When a parameter will reach the value at which its regime changes; days, null: not within the horizon. */
      readonly type: "forecast";
      readonly t: number;
      readonly parameter: string;
      readonly limit: number;
      readonly probability: number;
      readonly horizon: number;
      readonly median: number | null;
      readonly interval90: readonly [earliest: number | null, latest: number | null];
    };

/** What the sensors that were read can see: smallest visible changes, null = none is visible; the best one to add. */
export interface ObservabilityEntry {
  readonly type: "observability";
  readonly days: number;
  readonly sigmas: number;
  readonly readingsPerDay: number;
  readonly signals: readonly string[];
  readonly parameters: readonly {
    readonly parameter: string;
    readonly unit: string;
    /** With all sensors together, every other parameter free to change as well. */
    readonly smallestChange: number | null;
    /** The same when nothing else changed. */
    readonly othersKnown: number | null;
    readonly bestSensor: string | null;
  }[];
  readonly nextSensor: string | null;
}

/** What happened to one machine, a line each, as the cloud's `events` command prints it; `t` in days since its origin. */
export type MachineEntry =
  | Exclude<DrillEntry, { type: "refused" }>
  | {
      readonly type: "refused";
      readonly t: number;
      readonly signal?: string;
      readonly reason: string;
      readonly detail: string;
    }
  | {
      readonly type: "gap";
      readonly from: number;
      readonly to: number;
      readonly signal?: string;
      readonly count: number;
    }
  | {
      readonly type: "estimate";
      readonly t: number;
      readonly parameter: string;
      readonly mean: number;
      readonly sd: number;
      readonly interval90: Interval;
      readonly interval99: Interval;
      /** well | weakly | not: what the data taught against what was known before. */
      readonly identifiable: Identifiable;
    }
  | {
      readonly type: "run";
      readonly t: number;
      readonly kind: string;
      readonly points: number;
      readonly modelRuns: number;
      readonly digest: string;
    }
  | ObservabilityEntry
  | {
      readonly type: "frames";
      readonly frames: number;
      readonly bytes: number;
      readonly readings: number;
      readonly conflicts: number;
    };

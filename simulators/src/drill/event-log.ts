import { TwinError } from "@plumbline/twin/errors";

/** One line of a drill's log; `t` in days since row 0. */
export type LogEntry =
  | {
      readonly type: "posterior";
      readonly t: number;
      readonly parameter: string;
      readonly mean: number;
      readonly sd: number;
      readonly interval90: readonly [number, number];
    }
  | {
      readonly type: "inforce";
      readonly t: number;
      readonly parameter: string;
      readonly value: number;
      readonly version: number;
    }
  | { readonly type: "alarm"; readonly t: number; readonly chart: string }
  | { readonly type: "refused"; readonly row: number; readonly reason: string }
  | { readonly type: "decision"; readonly t: number; readonly kind: string; readonly reason: string };

/** What the cloud's `events` command prints, a line each. */
export type CloudEntry =
  | Exclude<LogEntry, { type: "refused" }>
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
      readonly interval90: readonly [number, number];
      readonly interval99: readonly [number, number];
      /** well | weakly | not: what the data taught against what was known before. */
      readonly identifiable: string;
    }
  | {
      readonly type: "run";
      readonly t: number;
      readonly kind: string;
      readonly points: number;
      readonly modelRuns: number;
      readonly digest: string;
    }
  | {
      readonly type: "frames";
      readonly frames: number;
      readonly bytes: number;
      readonly readings: number;
      readonly conflicts: number;
    };

/** @throws {TwinError} BAD_LOG */
export const readEntries = (ndjson: string): CloudEntry[] =>
  ndjson
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, index) => {
      try {
        return JSON.parse(line) as CloudEntry;
      } catch (cause) {
        throw new TwinError(
          "BAD_LOG",
          `line ${index + 1} of the event log is not JSON: ${line.slice(0, 80)}`,
          "run the drill again with --keep and read the cloud's log",
          { cause },
        );
      }
    });

/** The drill's own log: what a scorer reads, refusals by row instead of time. */
export function toLog(entries: readonly CloudEntry[], rowOf: (t: number) => number): LogEntry[] {
  return entries.flatMap((entry): LogEntry[] => {
    switch (entry.type) {
      case "posterior":
      case "inforce":
      case "alarm":
      case "decision":
        return [entry];
      case "refused": {
        const whose = entry.signal === undefined ? "" : `${entry.signal} `;
        return [{ type: "refused", row: rowOf(entry.t), reason: `${entry.reason}: ${whose}${entry.detail}` }];
      }
      case "gap":
      case "estimate":
      case "run":
      case "frames":
        return [];
      default:
        return entry satisfies never;
    }
  });
}

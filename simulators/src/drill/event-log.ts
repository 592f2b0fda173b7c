import type { DrillEntry, MachineEntry } from "@plumbline/twin/contract/machine-log";
import { TwinError } from "@plumbline/twin/errors";

/** @throws {TwinError} BAD_LOG */
export const readEntries = (ndjson: string): MachineEntry[] =>
  ndjson
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, index) => {
      try {
        return JSON.parse(line) as MachineEntry;
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
export function toLog(entries: readonly MachineEntry[], rowOf: (t: number) => number): DrillEntry[] {
  return entries.flatMap((entry): DrillEntry[] => {
    switch (entry.type) {
      case "posterior":
      case "inforce":
      case "alarm":
      case "decision":
      case "forecast":
        return [entry];
      case "refused": {
        const whose = entry.signal === undefined ? "" : `${entry.signal} `;
        return [{ type: "refused", row: rowOf(entry.t), reason: `${entry.reason}: ${whose}${entry.detail}` }];
      }
      case "gap":
      case "estimate":
      case "run":
      case "observability":
      case "frames":
        return [];
      default:
        return entry satisfies never;
    }
  });
}

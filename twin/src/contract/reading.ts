/** What the agent has established of a reading; frozen at validation and never recomputed. */
export type Quality = "GOOD" | "UNCERTAIN" | "BAD";

/** Why a reading is not GOOD, or (late, conflict) why it is kept but not used. */
export type Reason =
  | "range"
  | "rate"
  | "frozen"
  | "spike"
  | "stale"
  | "unit-scale"
  | "clock"
  | "not-finite"
  | "sensor-status"
  | "late"
  | "conflict";

export const QUALITIES: readonly Quality[] = ["GOOD", "UNCERTAIN", "BAD"];
export const REASONS: readonly Reason[] = [
  "range",
  "rate",
  "frozen",
  "spike",
  "stale",
  "unit-scale",
  "clock",
  "not-finite",
  "sensor-status",
  "late",
  "conflict",
];

/**
 * One reading, in the signal's unit, rounded to its resolution.
 *
 * `at`: event time of the source, whole ms since the Unix epoch. A reading with reason `late` or `conflict` keeps its quality.
 */
export interface Reading {
  readonly signal: string;
  readonly at: number;
  /** NaN only with quality BAD and reason `not-finite`. */
  readonly value: number;
  readonly quality: Quality;
  readonly reason?: Reason;
  /** The source's own identity of the reading, where its payload has one. */
  readonly boot?: string;
  readonly counter?: number;
}

/** Only these may be assimilated: good or uncertain, on time, and not the loser of a conflict. */
export const isUsable = ({ quality, reason }: Reading): boolean =>
  quality !== "BAD" && reason !== "late" && reason !== "conflict";

/**
 * The key under which redelivery is recognised: the source's identity if it has one, else (signal, time, value bits, quality aside).
 */
export const readingIdentity = ({ signal, at, value, boot, counter }: Reading): string =>
  boot !== undefined && counter !== undefined
    ? `${signal}|${boot}|${counter}`
    : `${signal}|${at}|${Object.is(value, -0) ? "-0" : value}`;

/** Whole steps of `resolution` nearest to `value`. */
export const toSteps = (value: number, resolution: number): number =>
  Math.round(resolution < 1 ? value * Math.round(1 / resolution) : value / resolution);
/** The value of so many steps; dividing by the whole number 1/resolution gives the double nearest to the decimal. */
export const fromSteps = (steps: number, resolution: number): number =>
  (resolution < 1 ? steps / Math.round(1 / resolution) : steps * resolution) + 0;
/** A value rounded to the signal's resolution. */
export const roundTo = (value: number, resolution: number): number => {
  const rounded = fromSteps(toSteps(value, resolution), resolution);
  return Number.isFinite(rounded) ? rounded : value;
};

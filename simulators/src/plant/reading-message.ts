import { TwinError } from "@plumbline/twin/errors";

/** One reading as a sensor publishes it: one MQTT message on `line/<signal>/reading`. */
export interface ReadingMessage {
  /** Event time at the source, ms since the Unix epoch. */
  readonly t: number;
  /** In the signal's unit. */
  readonly v: number;
  /** The source's own count of readings; with `boot` it identifies the reading for ever. */
  readonly n: number;
  /** Names one life of the source: the counter restarts with a new one. */
  readonly boot: string;
  /** What the source says of itself, where it says anything. */
  readonly q?: string;
}

export const readingTopic = (signal: string): string => `line/${signal}/reading`;

/** The signal that a topic carries readings of; `undefined` for any other topic. */
export const signalOfTopic = (topic: string): string | undefined =>
  /^line\/([^/]+)\/reading$/.exec(topic)?.[1];

export const encodeReading = ({ t, v, n, boot, q }: ReadingMessage): string =>
  JSON.stringify(q === undefined ? { t, v, n, boot } : { t, v, n, boot, q });

/** @throws {TwinError} BAD_READING_MESSAGE when the payload is not one. */
export function decodeReading(payload: string): ReadingMessage {
  try {
    const { t, v, n, boot, q } = JSON.parse(payload) as Record<string, unknown>;
    if (typeof t === "number" && typeof v === "number" && typeof n === "number" && typeof boot === "string") {
      return typeof q === "string" ? { t, v, n, boot, q } : { t, v, n, boot };
    }
  } catch {
    // not JSON, or not an object: told below with the payload
  }
  const hint = `publish {"t": ms, "v": number, "n": counter, "boot": "…"}`;
  throw new TwinError(
    "BAD_READING_MESSAGE",
    `${JSON.stringify(payload.slice(0, 80))} is not a reading`,
    hint,
  );
}

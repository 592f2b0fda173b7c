import type { RawSample } from "./source.ts";

/** Parsed, not yet judged: the value may be anything a sensor can say. */
export interface Sample {
  readonly signal: string;
  /** Event time, whole ms since the Unix epoch. */
  readonly at: number;
  /** NaN when the sensor said that it has none. */
  readonly value: number;
  /** The source's own identity of the reading. */
  readonly boot?: string;
  readonly counter?: number;
  /** The sensor's own word on its state. */
  readonly status?: string;
}
export type Parsed =
  | { readonly kind: "sample"; readonly sample: Sample }
  | { readonly kind: "rejected"; readonly reason: string };

const MAX_BYTES = 1_024;
const MAX_DEPTH = 4;
const MAX_TIME = 8.64e15;
const TOPIC = /^line\/([a-zA-Z][a-zA-Z0-9_-]{0,31})\/reading$/;

/**
 * Reads `line/<signal>/reading` with `{"t": ms, "v": number, "n"?: counter, "boot"?: id, "q"?: status}`. What cannot be
 * read can never get better: it is rejected with a reason, kept aside and acknowledged.
 */
export function parseReading(
  { topic, payload }: Pick<RawSample, "topic" | "payload">,
  isKnown: (signal: string) => boolean,
): Parsed {
  const signal = TOPIC.exec(topic)?.[1];
  if (signal === undefined) return rejected(`topic ${topic.slice(0, 80)} is not line/<signal>/reading`);
  if (!isKnown(signal)) return rejected(`signal ${signal} is not declared by the twin`);
  if (payload.length > MAX_BYTES)
    return rejected(`payload of ${payload.length} bytes, more than ${MAX_BYTES}`);
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("utf8");
  if (isTooDeep(text)) return rejected(`payload nested deeper than ${MAX_DEPTH}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return rejected("payload is not JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return rejected("payload is not a JSON object");
  return readMembers(signal, json as Record<string, unknown>);
}

function readMembers(signal: string, members: Record<string, unknown>): Parsed {
  const { t, v, n, boot, q } = members as Partial<Record<"t" | "v" | "n" | "boot" | "q", unknown>>;
  if (typeof t !== "number" || !(Math.abs(t) <= MAX_TIME))
    return rejected("t is not a time in ms since 1970");
  const value = readValue(v);
  if (value === undefined) return rejected("v is not a number");
  if (n !== undefined && !(Number.isSafeInteger(n) && (n as number) >= 0))
    return rejected("n is not a counter");
  if (boot !== undefined && !(typeof boot === "string" && boot.length > 0 && boot.length <= 64))
    return rejected("boot is not an id of 1 to 64 characters");
  if (q !== undefined && !(typeof q === "string" && q.length <= 64))
    return rejected("q is not a status of at most 64 characters");
  const identified = typeof boot === "string" && typeof n === "number" ? { boot, counter: n } : {};
  return {
    kind: "sample",
    sample: {
      signal,
      at: Math.round(t),
      value,
      ...identified,
      ...(typeof q === "string" && q !== "" ? { status: q } : {}),
    },
  };
}

/** JSON has no NaN: sensors say null or its name. */
function readValue(v: unknown): number | undefined {
  if (typeof v === "number") return Number.isFinite(v) ? v : Number.NaN;
  if (v === null || (typeof v === "string" && /^[+-]?(nan|inf(inity)?)$/i.test(v))) return Number.NaN;
  return undefined;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const letter = text.charCodeAt(index);
    if (letter === 0x7b || letter === 0x5b) depth++;
    else if (letter === 0x7d || letter === 0x5d) depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

const rejected = (reason: string): Parsed => ({ kind: "rejected", reason });

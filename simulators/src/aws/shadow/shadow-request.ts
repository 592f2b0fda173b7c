import { parseJson } from "../http/request-json.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  SECTIONS,
  type Section,
  type ShadowUpdate,
} from "./shadow-document.ts";

/** AWS's limits: bytes of a state document, of a client token; levels below `desired` or `reported`. */
export const MAX_STATE_BYTES: number = 8 * 1024;
const MAX_TOKEN_BYTES = 64;
const MAX_DEPTH = 8;

export interface Rejection {
  readonly code: 400 | 404 | 409 | 413;
  readonly message: string;
}

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection; readonly clientToken?: string };

export interface ReadUpdate extends ShadowUpdate {
  readonly clientToken?: string;
  /** The sections as sent: `accepted` gives them back. */
  readonly sent: JsonObject;
}

const reject = (message: string, clientToken?: string): Read<never> => ({
  ok: false,
  rejection: { code: 400, message },
  ...(clientToken !== undefined && { clientToken }),
});

/** The optional JSON of a get or delete: only its client token counts. */
export function readToken(payload: Buffer): Read<string | undefined> {
  if (payload.length === 0) return { ok: true, value: undefined };
  const document = readObject(payload);
  return document.ok ? tokenOf(document.value) : document;
}

function readObject(payload: Buffer): Read<JsonObject> {
  // Two levels (document, state) stand above the sections.
  const parsed = parseJson(payload, MAX_DEPTH + 3);
  if (!parsed.ok)
    return reject(
      parsed.message.includes("nested")
        ? "JSON contains too many levels of nesting; maximum is 8"
        : "Payload contains invalid json",
    );
  const value = parsed.value as Json;
  return isObject(value) ? { ok: true, value } : reject("Payload contains invalid json");
}

function tokenOf(document: JsonObject): Read<string | undefined> {
  const token = document["clientToken"];
  if (token === undefined) return { ok: true, value: undefined };
  if (typeof token !== "string") return reject("Invalid clientToken");
  return Buffer.byteLength(token) <= MAX_TOKEN_BYTES
    ? { ok: true, value: token }
    : reject("Invalid clientToken: at most 64 bytes");
}

export function readUpdate(payload: Buffer): Read<ReadUpdate> {
  const document = readObject(payload);
  if (!document.ok) return document;
  const token = tokenOf(document.value);
  if (!token.ok) return token;
  const fault = updateFault(document.value);
  if (fault !== undefined) return reject(fault, token.value);
  const state = document.value["state"] as Partial<Record<Section, JsonObject | null>> & JsonObject;
  const version = document.value["version"] as number | undefined;
  return {
    ok: true,
    value: {
      state,
      sent: state,
      ...(version !== undefined && { version }),
      ...(token.value !== undefined && { clientToken: token.value }),
    },
  };
}

function updateFault(document: JsonObject): string | undefined {
  const { state, version } = document as { readonly state?: Json; readonly version?: Json };
  if (state === undefined) return "Missing required node: state";
  if (!isObject(state)) return "State node must be an object";
  if (version !== undefined && (typeof version !== "number" || !Number.isInteger(version) || version < 0))
    return "Invalid version";
  const unknown = Object.keys(state).find((name) => !SECTIONS.some((section) => section === name));
  if (unknown !== undefined) return `State contains an invalid node: '${unknown}'`;
  for (const section of SECTIONS) {
    const value = state[section];
    if (value === undefined || value === null) continue;
    if (!isObject(value)) return `${section === "desired" ? "Desired" : "Reported"} node must be an object`;
    if (depthOf(value) > MAX_DEPTH)
      return `JSON contains too many levels of nesting; maximum is ${MAX_DEPTH}`;
    if (hasNullInArray(value)) return "Arrays must not contain null";
  }
  return undefined;
}

const childrenOf = (value: Json): readonly Json[] => {
  if (Array.isArray(value)) return value as readonly Json[];
  return isObject(value) ? Object.values(value) : [];
};

const depthOf = (value: Json): number =>
  typeof value === "object" && value !== null
    ? 1 + childrenOf(value).reduce<number>((most, each) => Math.max(most, depthOf(each)), 0)
    : 0;

const hasNullInArray = (value: Json): boolean =>
  (Array.isArray(value) && value.includes(null)) || childrenOf(value).some(hasNullInArray);

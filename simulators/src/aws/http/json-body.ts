import { parseJson } from "./request-json.ts";
import type { Call } from "./service.ts";
import { type Check, checkedOr } from "./shape.ts";

/** Deepest body that any operation needs, with room. */
const MAX_DEPTH = 24;

/** The call's body as JSON, checked; labels of the path count as members. An empty body is an empty object. */
export function jsonBody<T>(call: Call, check: Check<T>, refuse: (message: string) => Error): T {
  const parsed = call.body.length === 0 ? { ok: true as const, value: {} } : parseJson(call.body, MAX_DEPTH);
  if (!parsed.ok) throw refuse(`The request body is not acceptable JSON: ${parsed.message}`);
  const value = parsed.value;
  const labelled =
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value, ...call.labels }
      : value;
  return checkedOr(check, labelled, refuse);
}

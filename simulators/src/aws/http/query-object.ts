import type { Call } from "./service.ts";

type Kind = "text" | "list" | "integer" | "boolean";

/**
 * A request's query and labels as the object that a body would have been, for the same checks.
 * Parameters not named in `kinds` are kept as text, and so refused by name in the check that follows.
 */
export function queryObject(call: Call, kinds: Readonly<Record<string, Kind>>): Record<string, unknown> {
  const found: Record<string, unknown> = { ...call.labels };
  for (const [name, values] of call.query) found[name] = read(kinds[name] ?? "text", values);
  return found;
}

function read(kind: Kind, values: readonly string[]): unknown {
  const first = values[0] ?? "";
  switch (kind) {
    case "list":
      return values;
    case "integer":
      return /^-?\d{1,15}$/.test(first) ? Number(first) : first;
    case "boolean":
      return first === "true" ? true : first === "false" ? false : first;
    case "text":
      return first;
  }
}

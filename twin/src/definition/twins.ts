import { TwinError } from "../errors.ts";
import type { TwinDefinition } from "./twin-definition.ts";
import { webLine } from "./web-line.ts";

const TWINS: ReadonlyMap<string, TwinDefinition> = new Map([[webLine.id, webLine]]);

/** The definition by its id. */
export function twinDefinition(id: string): TwinDefinition {
  const found = TWINS.get(id);
  if (found) return found;
  throw new TwinError(
    "UNKNOWN_TWIN",
    `no twin is called ${JSON.stringify(id)}`,
    `use one of: ${[...TWINS.keys()].join(", ")}`,
  );
}

import { canonicalJson } from "../contract/canonical-json.ts";
import { sha256 } from "../contract/sha256.ts";
import type { TwinDefinition } from "./twin-definition.ts";

/** SHA-256 of the canonical declaration: two sides with the same digest run the same filters on the same model. */
export const definitionDigest = (definition: TwinDefinition): string => sha256(canonicalJson(definition));

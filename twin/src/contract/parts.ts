import { list, Members, parseJson, text, whole } from "./json.ts";
import { MAX_PARTS, type SetPointer } from "./parameter-set.ts";
import { sha256 } from "./sha256.ts";
import { CONTRACT_VERSION } from "./version.ts";

/** A packet with its topic stays under 4,500 bytes; a topic has at most 256. Parts are plain text slices of the JWS. */
export const PART_BYTES = 4_000;

/** Cuts a compact JWS (ASCII) into parts and says what the shadow must carry. */
export function cutIntoParts(
  jws: string,
  version: number,
): { readonly pointer: SetPointer; readonly parts: readonly string[] } {
  const parts: string[] = [];
  for (let start = 0; start < jws.length; start += PART_BYTES)
    parts.push(jws.slice(start, start + PART_BYTES));
  return {
    pointer: { version, digest: sha256(jws), bytes: jws.length, parts: parts.map((part) => sha256(part)) },
    parts,
  };
}

/** A gateway's word on which parts it still misses. */
export interface PartRequest {
  readonly instance: string;
  readonly version: number;
  readonly missing: readonly number[];
}
export const encodePartRequest = (request: PartRequest): string =>
  JSON.stringify({ v: CONTRACT_VERSION, ...request });

/** @throws {TwinError} BAD_MESSAGE */
export function decodePartRequest(json: string): PartRequest {
  const members = new Members(parseJson(json, "part request", 2_048), "part request");
  members.get("v", whole(CONTRACT_VERSION, CONTRACT_VERSION));
  return {
    instance: members.get("instance", text(32, /^[a-zA-Z0-9_-]+$/)),
    version: members.get("version", whole(1)),
    missing: members.get("missing", list(whole(0, MAX_PARTS - 1), MAX_PARTS)),
  };
}

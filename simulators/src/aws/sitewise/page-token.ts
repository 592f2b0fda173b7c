import { createHash } from "node:crypto";
import { invalidRequest } from "./faults.ts";

/**
 * A `nextToken` holds a position and the digest of the request it continues: base64 of JSON, so it keeps to AWS's
 * alphabet and survives a restart of the box. A token of another request is refused, as AWS does.
 */
export function pageToken(request: object, position: unknown): string {
  return Buffer.from(JSON.stringify([digestOf(request), position])).toString("base64");
}

/** @throws {ServiceFault} InvalidRequestException when the token is not one of this request. */
export function pagePosition<T>(request: object, token: string | undefined): T | undefined {
  if (token === undefined) return undefined;
  const [digest, position] = decode(token);
  if (digest !== digestOf(request)) throw invalidRequest("The nextToken belongs to another request");
  return position as T;
}

function decode(token: string): unknown[] {
  try {
    const found: unknown = JSON.parse(Buffer.from(token, "base64").toString("utf8"));
    if (Array.isArray(found) && found.length === 2) return found;
  } catch {
    // Told below, with the same words as any other token that is not ours.
  }
  throw invalidRequest("The nextToken is not valid");
}

/** Page size and token apart, everything in a request must stay the same from page to page. */
function digestOf(request: object): string {
  const { nextToken: _token, maxResults: _size, ...rest } = request as Record<string, unknown>;
  const members = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(members)).digest("base64").slice(0, 22);
}

/** A reading of JSON that cannot be made to overflow the stack, and says what was wrong instead of throwing. */
export type Json =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Deepest nesting of arrays and objects, read from the bytes: strings do not count, validity is not judged. */
export function jsonDepth(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (OPEN.has(byte)) deepest = Math.max(deepest, ++depth);
    else if (CLOSE.has(byte)) depth -= 1;
  }
  return deepest;
}

export function parseJson(bytes: Buffer, maxDepth: number): Json {
  if (jsonDepth(bytes) > maxDepth)
    return { ok: false, message: `the document is nested deeper than ${maxDepth} levels` };
  try {
    return { ok: true, value: JSON.parse(bytes.toString("utf8")) as unknown };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : "not JSON" };
  }
}

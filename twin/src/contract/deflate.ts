import { deflateSync, inflateSync, strFromU8, strToU8 } from "fflate";
import { TwinError } from "../errors.ts";

export const utf8 = (text: string): Uint8Array => strToU8(text);
export const fromUtf8 = (bytes: Uint8Array): string => strFromU8(bytes);

/** Raw DEFLATE, strongest level. */
export const deflate = (bytes: Uint8Array): Uint8Array => deflateSync(bytes, { level: 9 });

/**
 * Inflates into a buffer of `limit` bytes, so that a hostile 4 kB frame cannot grow without bound.
 * @throws {TwinError} BAD_FRAME when the stream is damaged or would exceed the limit.
 */
export function inflate(bytes: Uint8Array, limit: number): Uint8Array {
  let out: Uint8Array;
  try {
    out = inflateSync(bytes, { out: new Uint8Array(limit) });
  } catch (cause) {
    throw new TwinError(
      "BAD_FRAME",
      "the frame's body cannot be inflated",
      "the frame is damaged: quarantine it and ask for the original",
      { cause },
    );
  }
  if (out.length < limit) return out;
  throw new TwinError(
    "BAD_FRAME",
    `the frame's body exceeds ${limit} bytes inflated`,
    "refuse it: a frame of this contract never does",
  );
}

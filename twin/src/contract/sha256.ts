import { sha256 as digest } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** SHA-256 of bytes, or of a string's UTF-8, as 64 lower-case hexadecimal digits. */
export const sha256 = (data: Uint8Array | string): string =>
  bytesToHex(digest(typeof data === "string" ? utf8ToBytes(data) : data));

import { TwinError } from "../errors.ts";
import { fromUtf8, utf8 } from "./deflate.ts";
import { Members, parseJson, text } from "./json.ts";

/**
 * The parts of a compact JWS (RFC 7515) that need no cryptography. The signature is made by KMS in the cloud and
 * checked by the gateway with its pinned key: ES256, r ‖ s of 32 bytes each (RFC 7518 §3.4).
 */
export const SET_TYPE = "plumbline-parameters+jws";

/** What must be signed: BASE64URL(header) "." BASE64URL(payload). */
export const signingInput = (kid: string, payload: string): string =>
  `${base64url(utf8(JSON.stringify({ alg: "ES256", kid, typ: SET_TYPE })))}.${base64url(utf8(payload))}`;

export const compactJws = (input: string, signature: Uint8Array): string =>
  `${input}.${base64url(signature)}`;

export interface UnverifiedJws {
  readonly kid: string;
  /** The bytes under the signature. */
  readonly input: string;
  readonly signature: Uint8Array;
  /** Not to be read before the signature holds. */
  readonly payload: string;
}

/** @throws {TwinError} BAD_JWS when it is not a compact ES256 JWS of our type. */
export function splitJws(jws: string): UnverifiedJws {
  const [header, payload, signature, ...rest] = jws.split(".");
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    throw badJws("text without three dot-separated parts", "expected a compact JWS");
  }
  const members = new Members(parseJson(fromUtf8(fromBase64url(header)), "jws header", 1_024), "jws header");
  const alg = members.get("alg", text(16));
  const typ = members.get("typ", text(64));
  if (alg !== "ES256" || typ !== SET_TYPE)
    throw badJws(`a JWS with alg ${alg} and typ ${typ}`, `expected alg ES256 and typ ${SET_TYPE}`);
  const bytes = fromBase64url(signature);
  if (bytes.length !== 64)
    throw badJws(`a signature of ${bytes.length} bytes`, "ES256 signatures have 64 bytes (r ‖ s)");
  return {
    kid: members.get("kid", text(128)),
    input: `${header}.${payload}`,
    signature: bytes,
    payload: fromUtf8(fromBase64url(payload)),
  };
}

const badJws = (what: string, hint: string): TwinError => new TwinError("BAD_JWS", `refused ${what}`, hint);

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function base64url(bytes: Uint8Array): string {
  let out = "";
  for (let start = 0; start < bytes.length; start += 3) {
    const chunk = ((bytes[start] ?? 0) << 16) | ((bytes[start + 1] ?? 0) << 8) | (bytes[start + 2] ?? 0);
    const digits = Math.min(bytes.length - start, 3) + 1;
    for (let digit = 0; digit < digits; digit++) out += ALPHABET[(chunk >> (18 - 6 * digit)) & 63];
  }
  return out;
}

export function fromBase64url(encoded: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(encoded) || encoded.length % 4 === 1)
    throw badJws("text that is not base64url", "expected RFC 4648 §5 without padding");
  const bytes = new Uint8Array(Math.floor((encoded.length * 3) / 4));
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (const digit of encoded) {
    buffer = ((buffer << 6) | ALPHABET.indexOf(digit)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 255;
    }
  }
  return bytes;
}

import { TwinError } from "@plumbline/twin/errors";

/**
 * ECDSA signatures come from KMS as DER, SEQUENCE { INTEGER r, INTEGER s }; a JWS wants r ‖ s, 32 bytes each
 * (RFC 7518 §3.4). DER integers are signed and minimal: a leading zero byte may be there, leading zeros may be missing.
 */
const HALF = 32;

/** @throws {TwinError} BAD_SIGNATURE */
export function joinedSignature(der: Uint8Array): Uint8Array {
  const [tag, length] = der;
  if (tag !== 0x30 || length !== der.length - 2) throw bad(der);
  const r = integerAt(der, 2);
  const s = integerAt(der, r.next);
  if (s.next !== der.length) throw bad(der);
  const joined = new Uint8Array(2 * HALF);
  joined.set(r.bytes, HALF - r.bytes.length);
  joined.set(s.bytes, 2 * HALF - s.bytes.length);
  return joined;
}

function integerAt(der: Uint8Array, at: number): { readonly bytes: Uint8Array; readonly next: number } {
  const length = der[at + 1] ?? 0;
  const next = at + 2 + length;
  if (der[at] !== 0x02 || length === 0 || next > der.length) throw bad(der);
  const digits = der.subarray(at + 2, next);
  const start = digits.findIndex((byte) => byte !== 0);
  const bytes = start < 0 ? new Uint8Array(0) : digits.subarray(start);
  if (bytes.length > HALF) throw bad(der);
  return { bytes, next };
}

const bad = (der: Uint8Array): TwinError =>
  new TwinError(
    "BAD_SIGNATURE",
    `the key service gave ${der.length} bytes that are not a P-256 signature in DER`,
    "check that the key is ECC_NIST_P256 with usage SIGN_VERIFY",
  );

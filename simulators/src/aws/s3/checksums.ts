import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** Checksums that the box computes, by the name in `x-amz-checksum-<name>`; base64, as on the wire. */
const ALGORITHMS: Readonly<Record<string, (body: Buffer) => string>> = {
  crc32: (body) => base64Of(crc32(body)),
  crc32c: (body) => base64Of(crc32c(body)),
  sha1: (body) => createHash("sha1").update(body).digest("base64"),
  sha256: (body) => createHash("sha256").update(body).digest("base64"),
};

const base64Of = (sum: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum >>> 0);
  return bytes.toString("base64");
};

/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest >>> 0;
});

export function crc32c(body: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of body) sum = (sum >>> 8) ^ (TABLE[(sum ^ byte) & 0xff] ?? 0);
  return (sum ^ 0xffffffff) >>> 0;
}

export type ChecksumVerdict =
  | { readonly kind: "right"; readonly checksums: Readonly<Record<string, string>> }
  | { readonly kind: "wrong"; readonly name: string; readonly claimed: string }
  | { readonly kind: "unknown"; readonly name: string };

const PREFIX = "x-amz-checksum-";
/** Members of the same prefix that are no sums. */
const NO_SUMS = new Set(["x-amz-checksum-mode", "x-amz-checksum-algorithm", "x-amz-checksum-type"]);

/** Holds every checksum that came in a header or a trailer against the body. */
export function verifyChecksums(
  body: Buffer,
  ...sources: readonly ReadonlyMap<string, string>[]
): ChecksumVerdict {
  const checksums: Record<string, string> = {};
  for (const [header, claimed] of sources.flatMap((source) => [...source])) {
    if (!header.startsWith(PREFIX) || NO_SUMS.has(header)) continue;
    const name = header.slice(PREFIX.length);
    const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
    if (algorithm === undefined) return { kind: "unknown", name };
    if (algorithm(body) !== claimed) return { kind: "wrong", name, claimed };
    checksums[name] = claimed;
  }
  return { kind: "right", checksums };
}

export const checksumHeaders = (checksums: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(checksums).map(([name, sum]) => [`${PREFIX}${name}`, sum]));

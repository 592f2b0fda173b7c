import { type KeyObject, randomBytes } from "node:crypto";
import { add, G, inverse, mod, multiply, N } from "./p256.ts";

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const coordinate = (base64url: string | undefined): bigint =>
  numberOf(Buffer.from(base64url ?? "", "base64url"));

/** ECDSA on P-256 over a digest of 32 bytes that is already computed; the signature as DER. */
export function signDigest(digest: Buffer, key: KeyObject): Buffer {
  const d = coordinate(key.export({ format: "jwk" }).d);
  const z = numberOf(digest);
  for (;;) {
    const k = mod(numberOf(randomBytes(48)), N - 1n) + 1n;
    const r = mod(multiply(k, G)?.x ?? 0n, N);
    const s = mod(inverse(k, N) * (z + r * d), N);
    if (r !== 0n && s !== 0n) return der(r, s);
  }
}

export function verifyDigest(digest: Buffer, key: KeyObject, signature: Buffer): boolean {
  const numbers = readDer(signature);
  if (numbers === undefined) return false;
  const [r, s] = numbers;
  if (r <= 0n || r >= N || s <= 0n || s >= N) return false;
  const { x, y } = key.export({ format: "jwk" });
  const w = inverse(s, N);
  const fromG = multiply(mod(numberOf(digest) * w, N), G);
  const fromKey = multiply(mod(r * w, N), { x: coordinate(x), y: coordinate(y) });
  const point = add(fromG, fromKey);
  return point !== undefined && mod(point.x, N) === r;
}

/** SEQUENCE { INTEGER r, INTEGER s }; both below 2^256, so every length fits one byte. */
function der(...numbers: readonly bigint[]): Buffer {
  const integers = numbers.map((each) => {
    const hex = each.toString(16);
    const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
    // A leading 1 bit would make the integer negative.
    const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
    return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

function readDer(signature: Buffer): readonly [bigint, bigint] | undefined {
  if (signature[0] !== 0x30 || signature[1] !== signature.length - 2) return undefined;
  const lengthR = signature[3] ?? 0;
  const lengthS = signature[5 + lengthR] ?? 0;
  const framed =
    signature[2] === 0x02 && signature[4 + lengthR] === 0x02 && signature.length === 6 + lengthR + lengthS;
  if (!framed || lengthR === 0 || lengthS === 0) return undefined;
  return [numberOf(signature.subarray(4, 4 + lengthR)), numberOf(signature.subarray(6 + lengthR))];
}

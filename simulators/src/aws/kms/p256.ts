/**
 * Points of the curve P-256, y² = x³ − 3x + b over the field of P: just enough to sign and verify a digest, which
 * Node's own `sign` cannot (it hashes what it is given). Not constant in time: for a box on a desk, not for a secret
 * that matters.
 * @see FIPS 186-5, SEC 2 §2.4.2 (secp256r1).
 */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
/** Order of the group. */
export const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** `undefined` is the point at infinity. */
export type Point = { readonly x: bigint; readonly y: bigint } | undefined;

export const G: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

export const mod = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus;

/** The inverse modulo a prime, by the extended Euclidean algorithm. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [r, nextR, s, nextS] = [modulus, mod(value, modulus), 0n, 1n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [s, nextS] = [nextS, s - quotient * nextS];
  }
  return mod(s, modulus);
}

export function add(a: Point, b: Point): Point {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a.x === b.x && mod(a.y + b.y, P) === 0n) return undefined;
  const slope =
    a.x === b.x ? (3n * a.x * a.x - 3n) * inverse(2n * a.y, P) : (b.y - a.y) * inverse(mod(b.x - a.x, P), P);
  const x = mod(slope * slope - a.x - b.x, P);
  return { x, y: mod(slope * (a.x - x) - a.y, P) };
}

export function multiply(scalar: bigint, point: Point): Point {
  let result: Point;
  for (let rest = scalar, power = point; rest > 0n; rest >>= 1n, power = add(power, power))
    if (rest & 1n) result = add(result, power);
  return result;
}

import type { Quadrature } from "./gauss-legendre.ts";

/**
 * Gauss–Hermite rule of `order` points for the standard normal, Σ w g(z) ≈ E[g(Z)]: exact for polynomials of degree
 * 2·order − 1. Nodes descend. They are the roots of the probabilists' Hermite polynomial, by Newton's method on the
 * normalised recurrence.
 *
 *     √(k+1) h_{k+1} = z h_k − √k h_{k−1},   h_p' = √p h_{p−1},   w_i = 1/(p h_{p−1}(z_i)²)
 *
 * Roots found are divided out (Maehly), so that each start reaches a new one.
 * @see Golub & Welsch (1969), Math. Comp. 23(106); Stoer & Bulirsch (2002), §5.5.
 */
export function gaussHermite(order: number): Quadrature {
  const nodes = new Float64Array(order);
  const weights = new Float64Array(order);
  for (let index = 0; index < order; index++) {
    const mirrored = index >= Math.ceil(order / 2);
    const centre = order % 2 === 1 && index === (order - 1) / 2;
    const node = mirrored
      ? -(nodes[order - 1 - index] as number)
      : centre
        ? 0
        : root(order, nodes.subarray(0, index));
    const [, before] = hermite(order, node);
    nodes[index] = node;
    weights[index] = 1 / (order * before * before);
  }
  return { nodes, weights };
}

/** The largest root not yet in `found`: Newton from beyond it, every root lies below 2√order. */
function root(order: number, found: Float64Array): number {
  let z = 2 * Math.sqrt(order);
  for (let round = 0; round < 200; round++) {
    const [value, before] = hermite(order, z);
    let slope = (Math.sqrt(order) * before) / value;
    for (const other of found) slope -= 1 / (z - other);
    const next = z - 1 / slope;
    if (!(next < z)) break;
    z = next;
  }
  const [value, before] = hermite(order, z);
  return z - value / (Math.sqrt(order) * before);
}

/** h_p(z) and h_{p−1}(z), normalised so that E[h²] = 1. */
function hermite(order: number, z: number): readonly [value: number, before: number] {
  let before = 0;
  let value = 1;
  for (let k = 0; k < order; k++)
    [before, value] = [value, (z * value - Math.sqrt(k) * before) / Math.sqrt(k + 1)];
  return [value, before];
}

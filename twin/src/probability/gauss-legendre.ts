/** Nodes and weights of an integral: Σ w g(node). */
export interface Quadrature {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Gauss–Legendre rule of `order` points: exact for polynomials of degree 2·order − 1. Nodes ascend.
 * @see Golub & Welsch (1969); the nodes by Newton's method from Tricomi's starting values.
 */
export function gaussLegendre(order: number, low: number, high: number): Quadrature {
  const nodes = new Float64Array(order);
  const weights = new Float64Array(order);
  const [centre, half] = [(low + high) / 2, (high - low) / 2];
  for (let index = 0; index < order; index++) {
    let x = -Math.cos((Math.PI * (index + 0.75)) / (order + 0.5));
    let slope = 1;
    for (let round = 0; round < 8; round++) {
      let [before, value] = [1, x];
      for (let degree = 2; degree <= order; degree++)
        [before, value] = [value, ((2 * degree - 1) * x * value - (degree - 1) * before) / degree];
      slope = (order * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes[index] = centre + half * x;
    weights[index] = (2 * half) / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

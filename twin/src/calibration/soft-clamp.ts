/**
 * Bounded parameters as unbounded numbers: a soft clamp, linear in the interior, so that a random walk keeps its size.
 *
 *     θ = g(z) = low + c·ln(1 + e^{(z − low)/c}) − c·ln(1 + e^{(z − high)/c})
 *
 * `knee` c is the distance from a bound within which differences hardly matter. θ stays inside (low, high) for every z.
 * A logarithm or logit (`optimisation/transforms.ts`) would make the walk's size a share of the distance from a bound.
 */
export interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly knee: number;
}

export const toNatural = ({ low, high, knee }: Bounds, z: number): number =>
  low + knee * (softplus((z - low) / knee) - softplus((z - high) / knee));

/** dθ/dz, in (0, 1]. */
export const slope = ({ low, high, knee }: Bounds, z: number): number =>
  sigmoid((z - low) / knee) - sigmoid((z - high) / knee);

/** g⁻¹, by the closed form of the nearer bound: the other one's share is below e^{−(high − low)/2c}. */
export function fromNatural({ low, high, knee }: Bounds, theta: number): number {
  const inside = Math.min(Math.max(theta, low + 1e-9 * knee), high - 1e-9 * knee);
  return inside - low < high - inside
    ? low + knee * inverseSoftplus((inside - low) / knee)
    : high - knee * inverseSoftplus((high - inside) / knee);
}

const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));
const inverseSoftplus = (y: number): number => (y > 30 ? y : Math.log(Math.expm1(y)));
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/**
 * Share of its drift rate that a parameter keeps at a bound: a bearing without drag changes slowly until it has begun to
 * wear. A full rate there would be a belief that healthy parts wander, and biases would be bent to excuse their rest.
 */
const AT_REST = 0.2;

/** Random-walk rate of z at a point, given the declared rate in the interior; per √time. */
export const driftRate = (bounds: Bounds, z: number, declared: number): number =>
  declared * (AT_REST + (1 - AT_REST) * slope(bounds, z));

/** The bounds of a declared parameter; its knee is the prior's standard deviation. */
export const boundsOf = ({
  bounds,
  prior,
}: {
  readonly bounds: readonly [number, number];
  readonly prior: { readonly sd: number };
}): Bounds => ({ low: bounds[0], high: bounds[1], knee: prior.sd });

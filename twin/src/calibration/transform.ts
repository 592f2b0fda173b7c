/**
 * Bounded parameters as unbounded numbers: a soft clamp, linear in the interior, so that a random walk keeps its size.
 *
 *     θ = g(z) = low + c·ln(1 + e^{(z − low)/c}) − c·ln(1 + e^{(z − high)/c})
 *
 * `knee` c is the distance from a bound within which differences hardly matter. θ stays inside (low, high) for every z.
 */
export interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly knee: number;
}

export const toNatural = ({ low, high, knee }: Bounds, z: number): number => low + knee * (softplus((z - low) / knee) - softplus((z - high) / knee));

/** dθ/dz, in (0, 1]. */
export const slope = ({ low, high, knee }: Bounds, z: number): number => sigmoid((z - low) / knee) - sigmoid((z - high) / knee);

/** g⁻¹, by the closed form of the nearer bound: the other one's share is below e^{−(high − low)/2c}. */
export function fromNatural({ low, high, knee }: Bounds, theta: number): number {
  const inside = Math.min(Math.max(theta, low + 1e-9 * knee), high - 1e-9 * knee);
  return inside - low < high - inside ? low + knee * inverseSoftplus((inside - low) / knee) : high - knee * inverseSoftplus((high - inside) / knee);
}

const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));
const inverseSoftplus = (y: number): number => (y > 30 ? y : Math.log(Math.expm1(y)));
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

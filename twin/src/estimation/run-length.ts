import { TwinError } from "../errors.ts";
import { lu } from "../linear-algebra/lu.ts";
import { Matrix } from "../linear-algebra/matrix.ts";
import { gaussLegendre } from "../probability/gauss-legendre.ts";
import { standardNormalCdf, standardNormalDensity } from "../probability/normal.ts";

const LONGEST = 1e12;
/** Points of the quadrature: with so many the published tables agree to all their digits. */
const ORDER = 96;

/**
 * Average number of independent N(shift, 1) samples until a one-sided CUSUM that starts at 0 exceeds its limit.
 *
 *     S ← max(0, S + z − k),   L(u) = 1 + L(0) Φ(k − u) + ∫₀ʰ L(x) φ(x + k − u) dx
 *
 * A two-sided chart has half the quiet run length: 1/L = 1/L⁺ + 1/L⁻. Residuals must be white and of unit variance: a
 * lag-one correlation of 0.1 halves it.
 * @see Page (1954), Biometrika 41; Lucas & Crosier (1982), Technometrics 24.
 */
export function cusumRunLength(limit: number, allowance: number, shift = 0): number {
  requirePositive({ limit, allowance });
  const drift = allowance - shift;
  const { nodes, weights } = gaussLegendre(ORDER, 0, limit);
  const points = [0, ...nodes];
  // Unknowns: L at 0, then at the nodes.
  const system = Matrix.identity(points.length);
  for (const [row, from] of points.entries()) {
    system.add(row, 0, -standardNormalCdf(drift - from));
    for (const [index, to] of nodes.entries())
      system.add(row, index + 1, -(weights[index] as number) * standardNormalDensity(to + drift - from));
  }
  return meanTime(system);
}

/**
 * The same of a two-sided EWMA: w ← (1 − λ) w + λ z, alarm at |w| > factor · √(λ/(2 − λ)).
 *
 *     L(u) = 1 + (1/λ) ∫_{−h}^{h} L(x) φ((x − (1 − λ)u)/λ) dx
 *
 * @see Crowder (1987), Technometrics 29.
 */
export function ewmaRunLength(weight: number, factor: number, shift = 0): number {
  requirePositive({ weight, factor });
  if (weight > 1) throw badChart({ weight });
  const limit = factor * Math.sqrt(weight / (2 - weight));
  const { nodes, weights } = gaussLegendre(ORDER, -limit, limit);
  const points = [0, ...nodes];
  const system = Matrix.identity(points.length);
  for (const [row, from] of points.entries()) {
    for (const [index, to] of nodes.entries())
      system.add(
        row,
        index + 1,
        (-(weights[index] as number) / weight) *
          standardNormalDensity((to - (1 - weight) * from) / weight - shift),
      );
  }
  return meanTime(system);
}

/**
 * Limit at which a quiet one-sided CUSUM runs for so many samples on average; run lengths up to 10¹² (beyond, the equation is
 * singular in doubles).
 */
export function cusumLimit(runLength: number, allowance: number): number {
  requirePositive({ runLength, allowance });
  if (runLength > LONGEST) throw badChart({ runLength });
  let low = 1e-9;
  let high = 1;
  while (cusumRunLength(high, allowance) < runLength) {
    low = high;
    high += 1;
  }
  for (let round = 0; round < 50; round++) {
    const middle = (low + high) / 2;
    if (cusumRunLength(middle, allowance) < runLength) low = middle;
    else high = middle;
  }
  return high;
}

function meanTime(system: Matrix): number {
  const ones = new Matrix(system.rows, 1, new Float64Array(system.rows).fill(1));
  return lu(system).solve(ones).get(0, 0);
}

function requirePositive(given: Readonly<Record<string, number>>): void {
  if (Object.values(given).some((value) => !(value > 0 && Number.isFinite(value)))) throw badChart(given);
}

const badChart = (given: Readonly<Record<string, number>>): TwinError =>
  new TwinError(
    "BAD_CHART",
    Object.entries(given)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
    "a limit, an allowance, a factor and a run length are positive and finite; an EWMA's weight is at most 1, a run length at most 1e12",
  );

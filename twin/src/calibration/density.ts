import type { Interval } from "../contract/parameter-set.ts";
import { standardNormalCdf } from "../probability/normal.ts";
import { type Bounds, fromNatural, slope, toNatural } from "./soft-clamp.ts";

/** One parameter's marginal: a mixture of Gaussians in the transformed coordinate. */
export type Marginal = readonly { readonly weight: number; readonly mean: number; readonly sd: number }[];

const CELLS = 160;
/**
 * Least slope dθ/dz in a density: below it the parameter is at its bound, and dividing by ever smaller slopes would call
 * any stray mass there infinitely dense.
 */
export const STEEPEST = 0.25;
/** Half-width of the grid, standard deviations of the mixture's widest member. */
const REACH = 6;

interface Grid {
  readonly theta: Float64Array;
  readonly mass: Float64Array;
  readonly density: Float64Array;
}

/** The marginal on the natural scale, on cells of equal width in the transformed coordinate. */
function grid(marginal: Marginal, bounds: Bounds): Grid {
  const [least, most] = insideOf(bounds);
  const low = Math.max(Math.min(...marginal.map(({ mean, sd }) => mean - REACH * sd)), least);
  const high = Math.min(Math.max(...marginal.map(({ mean, sd }) => mean + REACH * sd)), most);
  const step = (high - low) / CELLS;
  const result = {
    theta: new Float64Array(CELLS),
    mass: new Float64Array(CELLS),
    density: new Float64Array(CELLS),
  };
  let total = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    const z = low + (cell + 0.5) * step;
    let mass = 0;
    for (const { weight, mean, sd } of marginal)
      mass += (weight / sd) * Math.exp(-0.5 * ((z - mean) / sd) ** 2);
    total += mass;
    result.theta[cell] = toNatural(bounds, z);
    result.mass[cell] = mass;
    result.density[cell] = mass / Math.max(slope(bounds, z), STEEPEST);
  }
  for (let cell = 0; cell < CELLS; cell++) result.mass[cell] = (result.mass[cell] as number) / total;
  return result;
}

/**
 * Where in the transformed coordinate a parameter is inside its bounds, but for one knee. Beyond, θ hardly moves: mass that the
 * Gaussian has there is not an atom at the bound (wear that walks does not stop there) but mass it should not have.
 */
const insideOf = ({ low, high, knee }: Bounds): readonly [low: number, high: number] => [
  low - knee,
  high + knee,
];

/** P(θ ≤ value) of the marginal. */
export function massBelow(marginal: Marginal, bounds: Bounds, value: number): number {
  if (value <= bounds.low) return 0;
  if (value >= bounds.high) return 1;
  const [least, most] = insideOf(bounds);
  const below = (z: number): number =>
    marginal.reduce((sum, { weight, mean, sd }) => sum + weight * standardNormalCdf((z - mean) / sd), 0);
  const z = Math.min(Math.max(fromNatural(bounds, value), least), most);
  return (below(z) - below(least)) / (below(most) - below(least));
}

export interface NaturalMoments {
  readonly mean: number;
  readonly sd: number;
}

/** E[θ] and sd[θ] of the marginal, and its intervals of highest density on the natural scale. */
export function summarise(
  marginal: Marginal,
  bounds: Bounds,
  levels: readonly number[],
): NaturalMoments & { readonly intervals: readonly Interval[] } {
  const { theta, mass, density } = grid(marginal, bounds);
  let mean = 0;
  let square = 0;
  for (let cell = 0; cell < CELLS; cell++) mean += (mass[cell] as number) * (theta[cell] as number);
  for (let cell = 0; cell < CELLS; cell++)
    square += (mass[cell] as number) * ((theta[cell] as number) - mean) ** 2;
  const order = Array.from(density.keys()).sort(
    (left, right) => (density[right] as number) - (density[left] as number),
  );
  return {
    mean,
    sd: Math.sqrt(square),
    intervals: levels.map((level) => hull(order, theta, mass, level, bounds)),
  };
}

/**
 * The smallest range that holds the cells of highest density with `level` of the mass. Where the density piles up at a
 * bound the interval is closed there: a bearing without drag has b = 0, and [0, upper] must be able to say so.
 */
function hull(
  order: readonly number[],
  theta: Float64Array,
  mass: Float64Array,
  level: number,
  { low, high, knee }: Bounds,
): Interval {
  let held = 0;
  let first = CELLS - 1;
  let last = 0;
  for (const cell of order) {
    if (held >= level) break;
    held += mass[cell] as number;
    first = Math.min(first, cell);
    last = Math.max(last, cell);
  }
  const edge = (from: number, to: number): number =>
    ((theta[from] as number) + (theta[Math.min(Math.max(to, 0), CELLS - 1)] as number)) / 2;
  const lower = edge(first, first - 1);
  const upper = edge(last, last + 1);
  return [
    first === 0 || lower - low < CLOSE * knee ? low : lower,
    last === CELLS - 1 || high - upper < CLOSE * knee ? high : upper,
  ];
}
/** Nearer to a bound than this share of the knee is at the bound. */
const CLOSE = 0.1;

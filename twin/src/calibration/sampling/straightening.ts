import { entry } from "../../linear-algebra/matrix.ts";
import { type Growth, LEVEL, logScale, OWN_TERMS, scaledRegression } from "./scaled-regression.ts";

/**
 * Coordinates in which a cloud of points is nearer to one ellipsoid. One unknown, the pivot p, is kept; each other x_j is
 * replaced by its residual given the pivot and the unknowns before it, in a unit that grows with the pivot:
 *
 *     s = (x_p − mean)/sd,   u_j = (x_j − β₀ − β₁ s − β₂ s² − β₃ e^{g_j(s)} − β₄ s³ − Σ_{i before j} r_ji x_i) e^{−g_j(s)}
 *
 *     g_j(s) = c_j s below the pivot's mean, c'_j s above it
 *
 * so that a funnel (c ≠ 0: the scale of a group is itself unknown) and a bent ridge (β₂ or β₄ ≠ 0) can be walked with one step
 * size. The map is one-to-one, with ln |dx/du| = Σ g_j(s) up to a constant.
 * @see Parno & Marzouk (2018), SIAM/ASA J. Uncertainty Quantification 6(2), for maps that help a random walk.
 */
export interface Straightening {
  readonly pivot: number;
  readonly mean: number;
  readonly sd: number;
  readonly rows: readonly StraightRow[];
  /** Of ln |dx/du|: Σ of the rows'. */
  readonly growth: Growth;
}

interface StraightRow {
  readonly unknown: number;
  /** Of 1, s, s², e^{g(s)}, s³, then the unknowns of the rows before this one. */
  readonly coefficients: Float64Array;
  readonly growth: Growth;
}

const steepness = ({ below, above }: Growth): number => Math.abs(below) + Math.abs(above);

/** The straightening about one pivot; undefined when the points show neither funnel nor bend about it, or lie in a plane. */
export function straighten(points: readonly Float64Array[], pivot: number): Straightening | undefined {
  const columns = Array.from({ length: points[0]?.length ?? 0 }, (_, unknown) =>
    standardised(points, unknown),
  );
  if (columns.some(({ sd }) => !(sd > 0))) return undefined;
  const { mean, sd, values: places } = columns[pivot] as Column;
  const order = columns
    .map(({ values }, unknown) => ({ unknown, fit: scaledRegression(values, places, []) }))
    .filter(({ unknown }) => unknown !== pivot)
    .sort((left, right) => steepness(left.fit?.growth ?? LEVEL) - steepness(right.fit?.growth ?? LEVEL))
    .map(({ unknown }) => unknown);
  const rows: StraightRow[] = [];
  let bent = false;
  for (const [position, unknown] of order.entries()) {
    const before = order.slice(0, position).map((index) => columns[index] as Column);
    const column = columns[unknown] as Column;
    const fit = scaledRegression(
      column.values,
      places,
      before.map(({ values }) => values),
    );
    if (fit === undefined) return undefined;
    bent ||= steepness(fit.growth) > 0 || fit.coefficients[2] !== 0 || fit.coefficients[4] !== 0;
    rows.push({ unknown, coefficients: inUnits(fit.coefficients, column, before), growth: fit.growth });
  }
  if (!bent) return undefined;
  const below = rows.reduce((sum, { growth }) => sum + growth.below, 0);
  const above = rows.reduce((sum, { growth }) => sum + growth.above, 0);
  return { pivot, mean, sd, rows, growth: { below, above } };
}

/** u of x, written to `out`: the place s stands at the pivot's index. */
export function toStraight(map: Straightening, x: Float64Array, out: Float64Array): void {
  const place = (entry(x, map.pivot) - map.mean) / map.sd;
  out[map.pivot] = place;
  for (const [position, row] of map.rows.entries()) {
    const scale = Math.exp(logScale(row.growth, place));
    out[row.unknown] = (entry(x, row.unknown) - centre(map, position, place, scale, x)) / scale;
  }
}

/** x of u. */
export function fromStraight(map: Straightening, u: Float64Array, out: Float64Array): void {
  const place = entry(u, map.pivot);
  out[map.pivot] = map.mean + map.sd * place;
  for (const [position, row] of map.rows.entries()) {
    const scale = Math.exp(logScale(row.growth, place));
    out[row.unknown] = entry(u, row.unknown) * scale + centre(map, position, place, scale, out);
  }
}

function centre(map: Straightening, position: number, place: number, scale: number, x: Float64Array): number {
  const { coefficients } = map.rows[position] as StraightRow;
  let sum =
    entry(coefficients, 0) +
    place * (entry(coefficients, 1) + place * (entry(coefficients, 2) + place * entry(coefficients, 4))) +
    scale * entry(coefficients, 3);
  for (let before = 0; before < position; before++)
    sum += entry(coefficients, OWN_TERMS + before) * entry(x, (map.rows[before] as StraightRow).unknown);
  return sum;
}

interface Column {
  readonly mean: number;
  readonly sd: number;
  readonly values: Float64Array;
}

function standardised(points: readonly Float64Array[], unknown: number): Column {
  let mean = 0;
  for (const point of points) mean += entry(point, unknown) / points.length;
  let squares = 0;
  for (const point of points) squares += (entry(point, unknown) - mean) ** 2;
  const sd = Math.sqrt(squares / points.length);
  return { mean, sd, values: Float64Array.from(points, (point) => (entry(point, unknown) - mean) / sd) };
}

/** From standardised columns to the unknowns' own units. */
function inUnits(standard: Float64Array, response: Column, before: readonly Column[]): Float64Array {
  const coefficients = standard.map((value) => value * response.sd);
  let constant = entry(coefficients, 0) + response.mean;
  before.forEach(({ mean, sd }, position) => {
    const slope = entry(coefficients, OWN_TERMS + position) / sd;
    coefficients[OWN_TERMS + position] = slope;
    constant -= slope * mean;
  });
  coefficients[0] = constant;
  return coefficients;
}

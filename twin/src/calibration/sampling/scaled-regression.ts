import { TwinError } from "../../errors.ts";
import { cholesky, solveCholesky } from "../../linear-algebra/cholesky.ts";
import { entry, Matrix, timesVector } from "../../linear-algebra/matrix.ts";

/** Slopes of a log-scale g(s) below and above s = 0: scales often level off on one side. */
export interface Growth {
  readonly below: number;
  readonly above: number;
}

export interface ScaledFit {
  /** Of 1, s, s², e^{g(s)}, s³, then the other columns; 0 where a term was not needed. */
  readonly coefficients: Float64Array;
  readonly growth: Growth;
}

/** Terms before the other columns: 1, s, s², e^{g(s)}, s³. */
export const OWN_TERMS = 5;

export const logScale = ({ below, above }: Growth, place: number): number =>
  place * (place < 0 ? below : above);

export const LEVEL: Growth = { below: 0, above: 0 };

/** A slope is believed from so many of its standard errors on: draws of a population are not independent. */
const BELIEVED = 4;
/** Steeper growth is not followed: e^{2s} is a factor of 400 over three standard deviations of the pivot. */
const STEEPEST = 2;
const REWEIGHTINGS = 5;

/**
 * Linear regression with a standard deviation that is log-linear in one place s:
 *
 *     y = β₀ + β₁ s + β₂ s² + β₃ e^{g(s)} + β₄ s³ + Σ β_k x_k + e,   sd(e) ∝ e^{g(s)}
 *
 * by alternating weighted least squares and a regression of ln |residual| on s. Terms within four standard errors of
 * nothing are left out, the least significant first: what is noise at the wide end is a bias at the narrow one.
 * Undefined when the columns are linearly dependent, or give the response exactly.
 * @param response y, of unit variance. @param places s, one a row; centred, of unit variance. @param columns x_k, of comparable scales.
 * @see Harvey (1976), Econometrica 44(3).
 */
export function scaledRegression(
  response: Float64Array,
  places: Float64Array,
  columns: readonly Float64Array[],
): ScaledFit | undefined {
  let growth = LEVEL;
  for (let turn = 0; ; turn++) {
    const fit = weightedFit(response, places, columns, growth);
    if (fit === undefined) return undefined;
    const next = growthOf(fit.residuals, places);
    const change = Math.abs(next.below - growth.below) + Math.abs(next.above - growth.above);
    if (turn === REWEIGHTINGS || change < 1e-2) return { coefficients: fit.coefficients, growth };
    growth = next;
  }
}

function weightedFit(
  response: Float64Array,
  places: Float64Array,
  columns: readonly Float64Array[],
  growth: Growth,
): { coefficients: Float64Array; residuals: Float64Array } | undefined {
  const scales = places.map((place) => Math.exp(logScale(growth, place)));
  const cubes = places.map((place) => place ** 3);
  const terms = [
    places.map(() => 1),
    places,
    places.map((place) => place * place),
    scales,
    cubes,
    ...columns,
  ];
  const weights = scales.map((scale) => 1 / (scale * scale));
  const normal = new Matrix(terms.length, terms.length);
  const right = new Float64Array(terms.length);
  for (const [first, left] of terms.entries()) {
    right[first] = weightedDot(weights, left, response);
    for (let second = 0; second <= first; second++)
      normal.set(first, second, weightedDot(weights, left, terms[second] as Float64Array));
  }
  const total = weightedDot(weights, response, response);
  const level = growth.below === 0 && growth.above === 0;
  const kept = terms.map((_, index) => index).filter((index) => !(level && index === 3));
  const coefficients = eliminate(normal, right, total, kept, places.length);
  if (coefficients === undefined) return undefined;
  const residuals = response.slice();
  for (const [index, term] of terms.entries()) {
    const coefficient = entry(coefficients, index);
    if (coefficient === 0) continue;
    for (let row = 0; row < residuals.length; row++)
      residuals[row] = entry(residuals, row) - coefficient * entry(term, row);
  }
  // Residuals of rounding only: the columns determine the response.
  const rest = residuals.reduce((sum, value) => sum + value * value, 0);
  return rest > 1e-18 * response.length ? { coefficients, residuals } : undefined;
}

/** Backward elimination on the normal equations. */
function eliminate(
  normal: Matrix,
  right: Float64Array,
  total: number,
  start: readonly number[],
  count: number,
): Float64Array | undefined {
  let kept = start;
  for (;;) {
    const coefficients = new Float64Array(right.length);
    if (kept.length === 0) return coefficients;
    const inverse = inverseOrNone(normal, kept);
    if (inverse === undefined) return undefined;
    const solution = timesVector(
      inverse,
      kept.map((index) => entry(right, index)),
    );
    let explained = 0;
    kept.forEach((index, position) => {
      coefficients[index] = entry(solution, position);
      explained += entry(solution, position) * entry(right, index);
    });
    const variance = Math.max(total - explained, 0) / count;
    let weakest = -1;
    let least = BELIEVED ** 2;
    kept.forEach((_, position) => {
      const ratio = entry(solution, position) ** 2 / (variance * inverse.get(position, position));
      if (!(ratio < least)) return;
      least = ratio;
      weakest = position;
    });
    if (weakest < 0) return coefficients;
    kept = kept.filter((_, position) => position !== weakest);
  }
}

/** Slopes of ln |residual| on s below and above 0; 0 where they are within their noise. */
function growthOf(residuals: Float64Array, places: Float64Array): Growth {
  const floor = 1e-6 * Math.sqrt(residuals.reduce((sum, value) => sum + value * value, 0) / residuals.length);
  if (!(floor > 0)) return LEVEL;
  const logs = residuals.map((value) => Math.log(Math.max(Math.abs(value), floor)));
  const ones = places.map(() => 1);
  const terms = [ones, places.map((place) => Math.min(place, 0)), places.map((place) => Math.max(place, 0))];
  const normal = new Matrix(3, 3);
  for (const [first, left] of terms.entries())
    for (const [second, other] of terms.entries()) normal.set(first, second, weightedDot(ones, left, other));
  const inverse = inverseOrNone(normal, [0, 1, 2]);
  if (inverse === undefined) return LEVEL;
  const right = terms.map((term) => weightedDot(ones, term, logs));
  const solution = timesVector(inverse, right);
  const explained = right.reduce((sum, value, index) => sum + value * entry(solution, index), 0);
  const variance = (weightedDot(ones, logs, logs) - explained) / logs.length;
  const believed = (index: number): number => {
    const slope = entry(solution, index);
    if (slope * slope < BELIEVED ** 2 * inverse.get(index, index) * variance) return 0;
    return Math.max(-STEEPEST, Math.min(STEEPEST, slope));
  };
  return { below: believed(1), above: believed(2) };
}

/** Inverse of the rows and columns kept; undefined when singular. */
function inverseOrNone(normal: Matrix, kept: readonly number[]): Matrix | undefined {
  const part = new Matrix(kept.length, kept.length);
  kept.forEach((from, row) => {
    kept.forEach((to, column) => {
      part.set(row, column, from >= to ? normal.get(from, to) : normal.get(to, from));
    });
  });
  try {
    return solveCholesky(cholesky(part), Matrix.identity(kept.length));
  } catch (error) {
    if (error instanceof TwinError && error.code === "NOT_POSITIVE_DEFINITE") return undefined;
    throw error;
  }
}

function weightedDot(weights: Float64Array, left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < weights.length; row++)
    sum += entry(weights, row) * entry(left, row) * entry(right, row);
  return sum;
}

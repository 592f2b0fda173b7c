import { entry } from "../linear-algebra/matrix.ts";

/** Density (1/σ)(1 + k x/σ)^(−1/k − 1) on x ≥ 0; moments of order below 1/k exist. */
export interface GeneralisedPareto {
  /** k. */
  readonly shape: number;
  /** σ, unit of x. */
  readonly scale: number;
}

/**
 * The empirical Bayes estimate of Zhang and Stephens: θ = −k/σ is averaged over a grid, weighted by its profile likelihood; k is
 * then drawn towards ½ with the weight of ten observations, which steadies short tails.
 *
 * @param sorted exceedances, ascending, all ≥ 0, the last positive; at least five.
 * @returns shape ∞ where the estimate does not exist.
 * @see Zhang & Stephens (2009), Technometrics 51(3); Vehtari, Simpson, Gelman, Yao & Gabry (2024), JMLR 25(72), appendix G.
 */
export function fitGeneralisedPareto(sorted: Float64Array): GeneralisedPareto {
  const count = sorted.length;
  const points = 30 + Math.floor(Math.sqrt(count));
  const quartile = entry(sorted, Math.floor(count / 4 + 0.5) - 1);
  const grid = Float64Array.from(
    { length: points },
    (_, index) => 1 / entry(sorted, count - 1) + (1 - Math.sqrt(points / (index + 0.5))) / (3 * quartile),
  );
  const logLikelihoods = grid.map((theta) => {
    const shape = meanLog(sorted, theta);
    return count * (Math.log(-theta / shape) - shape - 1);
  });
  const largest = logLikelihoods.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  let weights = 0;
  let sum = 0;
  for (let index = 0; index < points; index++) {
    const weight = Math.exp(entry(logLikelihoods, index) - largest);
    weights += weight;
    sum += weight * entry(grid, index);
  }
  const theta = sum / weights;
  const raw = meanLog(sorted, theta);
  const shape = (raw * count + 10 * 0.5) / (count + 10);
  return Number.isNaN(shape)
    ? { shape: Number.POSITIVE_INFINITY, scale: Number.NaN }
    : { shape, scale: -raw / theta };
}

/** k at a given θ: mean of ln(1 − θ x). */
function meanLog(values: Float64Array, theta: number): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += Math.log1p(-theta * entry(values, index));
  return sum / values.length;
}

/** σ ((1 − p)^(−k) − 1)/k. */
export const generalisedParetoQuantile = (
  { shape, scale }: GeneralisedPareto,
  probability: number,
): number => {
  const rate = -Math.log1p(-probability);
  return shape === 0 ? scale * rate : (scale * Math.expm1(shape * rate)) / shape;
};

import { dot, type Matrix, timesVector } from "../linear-algebra/matrix.ts";
import { truncatedAbove } from "../probability/normal-tail.ts";

/** N(m, P): `mean` of n, `covariance` of n × n. */
export interface Gaussian {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/**
 * The Gaussian with the moments of N(m, P) given that aᵀx + c + e > 0, e ~ N(0, noise²); without noise: restricted to a half-space.
 *
 *     d = aᵀx + c + e ~ N(d̄, s²),   m⁺ = m + (P a / s²)(E[d | d > 0] − d̄),   P⁺ = P + (P a aᵀ P / s⁴)(Var[d | d > 0] − s²)
 *
 * @see Simon & Simon (2010), Int. J. Systems Science 41(2), §2.
 */
export function restrict(
  { mean, covariance }: Gaussian,
  direction: Float64Array,
  offset: number,
  noise = 0,
): Gaussian {
  const along = timesVector(covariance, direction);
  const variance = dot(direction, along) + noise * noise;
  const sd = Math.sqrt(variance);
  const centre = dot(direction, mean) + offset;
  const truncated = truncatedAbove(-centre / sd);
  const shift = (truncated.mean * sd) / variance;
  const shrink = (truncated.variance - 1) / variance;
  const result = covariance.copy();
  for (let row = 0; row < along.length; row++) {
    for (let column = 0; column < along.length; column++)
      result.add(row, column, (along[row] as number) * (along[column] as number) * shrink);
  }
  return { mean: mean.map((value, index) => value + (along[index] as number) * shift), covariance: result };
}

/** One Gaussian with a mixture's first two moments. */
export function collapse(
  components: readonly { readonly weight: number; readonly gaussian: Gaussian }[],
): Gaussian {
  const [first] = components;
  if (first && components.length === 1) return first.gaussian;
  const size = first?.gaussian.mean.length ?? 0;
  const mean = new Float64Array(size);
  for (const { weight, gaussian } of components)
    for (let index = 0; index < size; index++)
      mean[index] = (mean[index] as number) + weight * (gaussian.mean[index] as number);
  const covariance = first?.gaussian.covariance.copy();
  if (!covariance) throw new RangeError("a mixture without components has no moments");
  covariance.data.fill(0);
  for (const { weight, gaussian } of components) {
    const off = gaussian.mean.map((value, index) => value - (mean[index] as number));
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++)
        covariance.add(
          row,
          column,
          weight * (gaussian.covariance.get(row, column) + (off[row] as number) * (off[column] as number)),
        );
    }
  }
  return { mean, covariance };
}

import { Matrix } from "../../linear-algebra/matrix.ts";
import { type SymmetricEigen, symmetricEigen } from "../../linear-algebra/symmetric-eigen.ts";

/** A combination of parameters that the readings do not determine. */
export interface UnidentifiedDirection {
  /** Share of each parameter in the direction, on the scale of the search; squares add up to 1. */
  readonly weights: Readonly<Record<string, number>>;
  /** Curvature of the log-likelihood along it; 1/√ is its standard deviation in e-folds or box widths. */
  readonly curvature: number;
}

export interface Uncertainty {
  /** On the scale of the search, n × n; rows of what is not determined are infinite on the diagonal. */
  readonly covariance: Matrix;
  readonly unidentified: readonly UnidentifiedDirection[];
}

/**
 * Below this curvature a direction is not determined: its standard deviation is then ten e-folds of a variance, or ten times
 * the width of the box of a real parameter.
 */
const LEAST_CURVATURE = 1e-2;
/** A parameter with at least this share (squared weight) in an undetermined direction has no standard error. */
const INVOLVED = 0.05;

/**
 * The inverse of the observed information (−∂² ln L), but for directions without information, which are named.
 * @param scales what counts as a unit of each coordinate.
 */
export function uncertaintyOf(
  ids: readonly string[],
  information: Matrix,
  scales: ArrayLike<number>,
): Uncertainty {
  const size = ids.length;
  const scaled = information.copy();
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      scaled.set(
        row,
        column,
        information.get(row, column) * (scales[row] as number) * (scales[column] as number),
      );
  if (!scaled.data.every(Number.isFinite)) return { covariance: everythingInfinite(size), unidentified: [] };
  const eigen = symmetricEigen(scaled);
  const poor = [...eigen.values.keys()].filter(
    (index) => !((eigen.values[index] as number) > LEAST_CURVATURE),
  );
  const covariance = inverse(eigen, poor, scales);
  for (const index of poor)
    for (let row = 0; row < size; row++)
      if (eigen.vectors.get(row, index) ** 2 >= INVOLVED) covariance.set(row, row, Number.POSITIVE_INFINITY);
  return {
    covariance,
    unidentified: poor.map((index) => ({
      weights: Object.fromEntries(ids.map((id, row) => [id, eigen.vectors.get(row, index)])),
      curvature: eigen.values[index] as number,
    })),
  };
}

function inverse(
  { values, vectors }: SymmetricEigen,
  without: readonly number[],
  scales: ArrayLike<number>,
): Matrix {
  const size = values.length;
  const result = new Matrix(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (let index = 0; index < size; index++)
        if (!without.includes(index))
          sum += (vectors.get(row, index) * vectors.get(column, index)) / (values[index] as number);
      result.set(row, column, sum * (scales[row] as number) * (scales[column] as number));
    }
  }
  return result;
}

function everythingInfinite(size: number): Matrix {
  return Matrix.diagonal(new Float64Array(size).fill(Number.POSITIVE_INFINITY));
}

import { Matrix } from "../linear-algebra/matrix.ts";

/** Summed about the first value: exact for a constant, whose variance must not be round-off. */
export function sampleMean(values: ArrayLike<number>): number {
  const first = values[0] as number;
  let sum = 0;
  for (let index = 1; index < values.length; index++) sum += (values[index] as number) - first;
  return first + sum / values.length;
}

/** Σ (x − mean)²/(n − 1). */
export function sampleVariance(values: ArrayLike<number>, mean: number = sampleMean(values)): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += ((values[index] as number) - mean) ** 2;
  return sum / (values.length - 1);
}

/** Mean of points of one dimension. */
export function meanOfPoints(points: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(points[0]?.length ?? 0);
  for (const point of points)
    for (let index = 0; index < mean.length; index++)
      mean[index] = (mean[index] as number) + (point[index] as number);
  return mean.map((sum) => sum / points.length);
}

/** Covariance of points of one dimension, n − 1 in the denominator. */
export function covarianceOfPoints(points: readonly Float64Array[]): Matrix {
  const mean = meanOfPoints(points);
  const size = mean.length;
  const covariance = new Matrix(size, size);
  const deviation = new Float64Array(size);
  for (const point of points) {
    for (let index = 0; index < size; index++)
      deviation[index] = (point[index] as number) - (mean[index] as number);
    for (let row = 0; row < size; row++)
      for (let column = 0; column <= row; column++)
        covariance.add(row, column, (deviation[row] as number) * (deviation[column] as number));
  }
  const scale = 1 / (points.length - 1);
  for (let row = 0; row < size; row++)
    for (let column = 0; column <= row; column++) {
      covariance.set(row, column, scale * covariance.get(row, column));
      covariance.set(column, row, covariance.get(row, column));
    }
  return covariance;
}

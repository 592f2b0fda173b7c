import { cholesky, solveCholesky } from "../../linear-algebra/cholesky.ts";
import { Matrix, plus, symmetrise, timesVector } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";

/** One term of a sum of expected squares. */
export interface Sample {
  readonly predictor: Gaussian;
  readonly response: Float64Array;
  /** Cov(response, predictor). */
  readonly cross: Matrix;
}

/** Least squares of E[response] on E[predictor], with their covariances; known slopes stay, a constant is optional. */
export function regress(
  samples: readonly Sample[],
  { slopes, constant }: { readonly slopes: Matrix | undefined; readonly constant: boolean },
): { readonly slopes: Matrix; readonly constant: Float64Array } {
  const [first] = samples;
  if (first === undefined) return { slopes: slopes ?? new Matrix(0, 0), constant: new Float64Array(1) };
  const [inputs, size] = [first.predictor.mean.length, first.response.length];
  const meanOfPredictor = constant
    ? average(samples.map(({ predictor }) => predictor.mean))
    : new Float64Array(inputs);
  const meanOfResponse = constant ? average(samples.map(({ response }) => response)) : new Float64Array(size);
  let found = slopes;
  if (found === undefined) {
    const squares = new Matrix(inputs, inputs);
    const products = new Matrix(inputs, size);
    for (const { predictor, response, cross } of samples) {
      const x = predictor.mean.map((value, index) => value - (meanOfPredictor[index] as number));
      addOuter(squares, x);
      addAll(squares, predictor.covariance, 1);
      for (let row = 0; row < inputs; row++)
        for (let column = 0; column < size; column++) {
          const y = (response[column] as number) - (meanOfResponse[column] as number);
          products.add(row, column, (x[row] as number) * y + cross.get(column, row));
        }
    }
    found = solveCholesky(cholesky(symmetrise(squares)), products).transpose();
  }
  const explained = timesVector(found, meanOfPredictor);
  return {
    slopes: found,
    constant: meanOfResponse.map((value, index) => (constant ? value - (explained[index] as number) : 0)),
  };
}

/** Mean of an expected square; only the diagonal where that is all that is wanted. */
export function meanOf(total: Matrix, count: number, structure: "full" | "diagonal"): Matrix {
  if (structure === "diagonal") return Matrix.diagonal(total.diagonal().map((value) => value / count));
  return symmetrise(plus(new Matrix(total.rows, total.rows), total, 1 / count));
}

function average(vectors: readonly Float64Array[]): Float64Array {
  const total = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (let index = 0; index < total.length; index++)
      total[index] = (total[index] as number) + (vector[index] as number) / vectors.length;
  return total;
}

/** target ← target + v vᵀ. */
export function addOuter(target: Matrix, vector: Float64Array): void {
  for (let row = 0; row < vector.length; row++)
    for (let column = 0; column < vector.length; column++)
      target.add(row, column, (vector[row] as number) * (vector[column] as number));
}

/** target ← target + scale · other. */
export function addAll(target: Matrix, other: Matrix, scale: number): void {
  for (let row = 0; row < target.rows; row++)
    for (let column = 0; column < target.columns; column++)
      target.add(row, column, scale * other.get(row, column));
}

import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, multiply } from "@plumbline/twin/linear-algebra/matrix";
import { lowerPart, triangularise } from "@plumbline/twin/linear-algebra/triangularise";
import {
  composeUnitFactor,
  unitFactor,
  unitMeasurementUpdate,
  unitTimeUpdate,
  unitWork,
} from "@plumbline/twin/linear-algebra/unit-factor";

/** Covariance recursions in the two forms under test: what a filter does with them, without the means. */
export interface CovarianceRecursion {
  predict(): void;
  update(row: readonly number[], variance: number): void;
  covariance(): Matrix;
}

export interface Motion {
  readonly start: Matrix;
  readonly transition: Matrix;
  readonly noise: Matrix;
}

/** The QR array algorithm: a lower-triangular square root carried throughout. */
export function byTriangularising({ start, transition, noise }: Motion): CovarianceRecursion {
  const size = start.rows;
  let factor = cholesky(start);
  const noiseFactor = cholesky(noise);
  return {
    predict() {
      const array = new Matrix(size, 2 * size);
      const moved = multiply(transition, factor);
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) {
          array.set(i, j, moved.get(i, j));
          array.set(i, size + j, noiseFactor.get(i, j));
        }
      factor = lowerPart(triangularise(array), new Matrix(size, size));
    },
    update(row, variance) {
      const array = new Matrix(size + 1, size + 1);
      const seen = multiply(Matrix.from([row]), factor);
      array.set(0, 0, Math.sqrt(variance));
      for (let j = 0; j < size; j++) {
        array.set(0, 1 + j, seen.get(0, j));
        for (let i = 0; i < size; i++) array.set(1 + i, 1 + j, factor.get(i, j));
      }
      triangularise(array);
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) factor.set(i, j, j <= i ? array.get(1 + i, 1 + j) : 0);
    },
    covariance: () => multiply(factor, factor.transpose()),
  };
}

/** Bierman's update and Thornton's propagation of U D Uᵀ. */
export function byUnitFactors({ start, transition, noise }: Motion): CovarianceRecursion {
  const factor = unitFactor(start);
  const noiseFactor = unitFactor(noise);
  const work = unitWork(start.rows);
  const gain = new Float64Array(start.rows);
  return {
    predict: () => unitTimeUpdate(factor, transition, noiseFactor, work),
    update: (row, variance) => void unitMeasurementUpdate(factor, row, variance, gain),
    covariance: () => composeUnitFactor(factor),
  };
}

/** Bierman's case: two readings that differ by less than a double can tell in P, with noise below ε. */
export const TINY: number = 2 ** -30;
export const BIERMAN: Motion = {
  start: Matrix.identity(2),
  transition: Matrix.identity(2),
  noise: Matrix.identity(2),
};
/** P after both readings, by 60-digit arithmetic. */
export const BIERMAN_POSTERIOR = [
  0.4000000002235174, -0.4000000000372529, -0.4000000000372529, 0.3999999998509884,
];

/** Constant velocity, P₀ = 10¹² I against R = 10⁻⁸: twenty orders of magnitude in one run. */
export const EXTREME: Motion = {
  start: Matrix.diagonal([1e12, 1e12]),
  transition: Matrix.from([
    [1, 1],
    [0, 1],
  ]),
  noise: Matrix.from([
    [1e-10 / 3, 0.5e-10],
    [0.5e-10, 1e-10],
  ]),
};
/** P after steps of predict and update, by 60-digit arithmetic. */
export const EXTREME_POSTERIORS: readonly (readonly [number, readonly number[]])[] = [
  [2, [1e-8, 1e-8, 1e-8, 2.0033333333333334e-8]],
  [3, [8.335183129855716e-9, 5.008324084350721e-9, 5.008324084350721e-9, 5.066625046244913e-9]],
  [10, [3.901580836789385e-9, 8.543644813334679e-10, 8.543644813334679e-10, 4.148677020615059e-10]],
  [100, [3.6059166452672924e-9, 7.996301241657112e-10, 7.996301241657112e-10, 4.0094807415234657e-10]],
  [2000, [3.6059166452672924e-9, 7.996301241657112e-10, 7.996301241657112e-10, 4.0094807415234657e-10]],
];

import { TwinError } from "../../errors.ts";
import { cholesky, logDeterminant, solveCholesky } from "../../linear-algebra/cholesky.ts";
import { requireFinite } from "../../linear-algebra/finite.ts";
import { dot, entry, Matrix, shapeError, timesVector } from "../../linear-algebra/matrix.ts";
import { solveLower } from "../../linear-algebra/triangular.ts";
import type { Kernel } from "./kernel.ts";

/** Values of a function at n points of d inputs, each with its own noise. */
export interface FunctionValues {
  /** n × d. */
  readonly points: Matrix;
  /** n; all finite. */
  readonly values: Float64Array;
  /** sd of the noise, of all values or of each; 0 for values that are exact. */
  readonly noise: number | Float64Array;
}

/** A normal belief at each of m points. */
export interface PointwiseBelief {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/**
 * A Gaussian process given n values: exact inference by one Cholesky factor, O(n³) once and O(n²) a prediction.
 *
 *     f ~ GP(μ, k),  y = f(X) + e,  e ~ N(0, R),      Σ = k(X, X) + R = L Lᵀ,   α = Σ⁻¹ (y − μ)
 *
 *     E f(x*) = μ + k(x*, X) α            Var f(x*) = k(x*, x*) − ‖L⁻¹ k(X, x*)‖²
 *
 * The mean μ is a known constant; subtract any other known trend from the values.
 * @throws {TwinError} BAD_SHAPE, NOT_FINITE, BAD_NOISE; NOT_POSITIVE_DEFINITE when values without noise lie so close that
 * they repeat each other in doubles: give them a noise, it is not invented here.
 * @see Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, §2.2 (inference), §5.4 (gradient, leave-one-out).
 */
export class GaussianProcess {
  readonly kernel: Kernel;
  readonly mean: number;
  /** α = Σ⁻¹ (y − μ), n: also ∂ ln p(y)/∂μ_i when every value has its own mean. */
  readonly weights: Float64Array;
  readonly #points: Matrix;
  readonly #residual: Float64Array;
  readonly #factor: Matrix;

  constructor(kernel: Kernel, data: FunctionValues, mean = 0) {
    checkData(data);
    this.kernel = kernel;
    this.mean = mean;
    this.#points = data.points;
    this.#residual = data.values.map((value) => value - mean);
    this.#factor = cholesky(noisyCovariance(kernel, data));
    this.weights = solveCholesky(this.#factor, column(this.#residual)).data;
  }

  /** ln p(y) = −½ (y − μ)ᵀ α − ½ ln det Σ − (n/2) ln 2π. */
  logMarginalLikelihood(): number {
    const size = this.#residual.length;
    return (
      -(dot(this.#residual, this.weights) + logDeterminant(this.#factor) + size * Math.log(2 * Math.PI)) / 2
    );
  }

  /** ∂ ln p(y)/∂ ln φ_k = ½ tr((α αᵀ − Σ⁻¹) ∂Σ/∂ln φ_k), for each hyperparameter of the kernel. */
  gradient(): Float64Array {
    const inverse = this.#inverse();
    return Float64Array.from(this.kernel.slopes(this.#points), (slope) => this.#trace(inverse, slope));
  }

  /** ∂ ln p(y)/∂ ln σ when all values share the noise sd σ. */
  noiseGradient(noise: number): number {
    const inverse = this.#inverse();
    let sum = 0;
    for (let row = 0; row < inverse.rows; row++) sum += entry(this.weights, row) ** 2 - inverse.get(row, row);
    return sum * noise * noise;
  }

  /** Σ⁻¹ v, n. */
  solve(vector: Float64Array): Float64Array {
    return solveCholesky(this.#factor, column(vector)).data;
  }

  /** The function itself at m points, without noise. */
  predict(points: Matrix): PointwiseBelief {
    const across = this.kernel.covariance(points, this.#points);
    const whitened = solveLower(this.#factor, across.transpose());
    const variance = this.kernel.variances(points);
    for (let row = 0; row < whitened.rows; row++)
      for (let index = 0; index < points.rows; index++)
        variance[index] = entry(variance, index) - whitened.get(row, index) ** 2;
    return {
      mean: timesVector(across, this.weights).map((value) => value + this.mean),
      // A difference of equal numbers may end below zero by round-off: there the function is known.
      variance: variance.map((value) => Math.max(value, 0)),
    };
  }

  /** Joint covariance of the function at m points, m × m: for drawing whole functions. */
  predictedCovariance(points: Matrix): Matrix {
    const whitened = solveLower(this.#factor, this.kernel.covariance(this.#points, points));
    const covariance = this.kernel.covariance(points, points);
    for (let row = 0; row < points.rows; row++)
      for (let other = 0; other < points.rows; other++)
        for (let inner = 0; inner < whitened.rows; inner++)
          covariance.add(row, other, -whitened.get(inner, row) * whitened.get(inner, other));
    return covariance;
  }

  /**
   * Each value, noise included, as the others predict it; in closed form, hyperparameters held.
   *
   *     variance_i = 1/(Σ⁻¹)_ii         mean_i = y_i − α_i/(Σ⁻¹)_ii
   */
  leaveOneOut(): PointwiseBelief & { readonly logDensity: Float64Array } {
    const variance = this.#inverse()
      .diagonal()
      .map((precision) => 1 / precision);
    const error = this.weights.map((value, index) => value * entry(variance, index));
    return {
      mean: this.#residual.map((value, index) => value - entry(error, index) + this.mean),
      variance,
      logDensity: variance.map(
        (value, index) => -(Math.log(2 * Math.PI * value) + entry(error, index) ** 2 / value) / 2,
      ),
    };
  }

  #inverse(): Matrix {
    return solveCholesky(this.#factor, Matrix.identity(this.#factor.rows));
  }

  #trace(inverse: Matrix, slope: Matrix): number {
    let sum = 0;
    for (let row = 0; row < slope.rows; row++)
      for (let other = 0; other < slope.rows; other++)
        sum +=
          (entry(this.weights, row) * entry(this.weights, other) - inverse.get(row, other)) *
          slope.get(row, other);
    return sum / 2;
  }
}

/** Codes that say: with these hyperparameters Σ is singular in doubles, or beyond them. */
const WITHOUT_LIKELIHOOD: readonly string[] = [
  "NOT_POSITIVE_DEFINITE",
  "NOT_FINITE",
  "BAD_KERNEL",
  "BAD_NOISE",
];

/** For a search that may stray: undefined where the hyperparameters leave no likelihood. Check the data beforehand. */
export function processWhere(make: () => GaussianProcess): GaussianProcess | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TwinError && WITHOUT_LIKELIHOOD.includes(error.code)) return undefined;
    throw error;
  }
}

/** k(X, X) + R. */
export function noisyCovariance(kernel: Kernel, { points, noise }: Omit<FunctionValues, "values">): Matrix {
  const covariance = kernel.covariance(points, points);
  for (let row = 0; row < points.rows; row++)
    covariance.add(row, row, (typeof noise === "number" ? noise : entry(noise, row)) ** 2);
  return covariance;
}

export const column = (values: Float64Array): Matrix => new Matrix(values.length, 1, values);

function checkData({ points, values, noise }: FunctionValues): void {
  if (values.length === 0 || points.rows !== values.length)
    throw shapeError(`${points.rows} points and ${values.length} values`, "as many of each, at least one");
  requireFinite(points, "the points of a Gaussian process");
  requireFinite(values, "the values of a Gaussian process");
  const noises = typeof noise === "number" ? Float64Array.of(noise) : noise;
  if (typeof noise !== "number" && noise.length !== values.length)
    throw shapeError(`${noise.length} noises for ${values.length} values`, "one for each");
  const bad = noises.findIndex((sd) => !(sd >= 0 && sd < Number.POSITIVE_INFINITY));
  if (bad >= 0)
    throw new TwinError("BAD_NOISE", `the noise of value ${bad} is ${noises[bad]}`, "expected an sd ≥ 0");
}

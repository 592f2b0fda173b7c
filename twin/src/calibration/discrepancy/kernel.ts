import { TwinError } from "../../errors.ts";
import { entry, Matrix, shapeError } from "../../linear-algebra/matrix.ts";

/** A number that shapes a kernel; always positive, learnt on the scale of its logarithm. */
export interface Hyperparameter {
  readonly id: string;
  readonly value: number;
}

/**
 * A covariance function over points of d inputs: what a Gaussian process believes of a function before data.
 *
 * Points are rows of an n × d matrix.
 */
export interface Kernel {
  readonly hyperparameters: readonly Hyperparameter[];
  /** The same kernel with other values, in the order of `hyperparameters`. */
  withValues(values: ArrayLike<number>): Kernel;
  /** k(left_i, right_j), n × m. */
  covariance(left: Matrix, right: Matrix): Matrix;
  /** k(point_i, point_i), n. */
  variances(points: Matrix): Float64Array;
  /** ∂K/∂ln φ_k over one set of points, an n × n matrix for each hyperparameter. */
  slopes(points: Matrix): Matrix[];
}

/** The shape of a stationary kernel of unit variance as a function of r², and −2 ∂/∂r² of it. */
interface Shape {
  value(squaredDistance: number): number;
  slope(squaredDistance: number): number;
}

export interface StationarySettings {
  /** Prior sd of the function, in its unit. */
  readonly sd: number;
  /** Correlation length, in the unit of the inputs: one for all d, or one for each. */
  readonly length: number | readonly number[];
  /** Put before the ids of the hyperparameters, to tell two kernels in a sum apart. */
  readonly name?: string;
}

/** sd² exp(−r²/2): functions without any roughness; often too smooth for a physical discrepancy. */
export const squaredExponential = (settings: StationarySettings): Kernel =>
  stationary(settings, {
    value: (r2) => Math.exp(-r2 / 2),
    slope: (r2) => Math.exp(-r2 / 2),
  });

/** sd² (1 + √3 r) e^{−√3 r}: once differentiable. */
export const matern32 = (settings: StationarySettings): Kernel =>
  stationary(settings, {
    value: (r2) => (1 + Math.sqrt(3 * r2)) * Math.exp(-Math.sqrt(3 * r2)),
    slope: (r2) => 3 * Math.exp(-Math.sqrt(3 * r2)),
  });

/** sd² (1 + √5 r + 5r²/3) e^{−√5 r}: twice differentiable. */
export const matern52 = (settings: StationarySettings): Kernel =>
  stationary(settings, {
    value: (r2) => (1 + Math.sqrt(5 * r2) + (5 * r2) / 3) * Math.exp(-Math.sqrt(5 * r2)),
    slope: (r2) => (5 / 3) * (1 + Math.sqrt(5 * r2)) * Math.exp(-Math.sqrt(5 * r2)),
  });

function stationary({ sd, length, name }: StationarySettings, shape: Shape): Kernel {
  const prefix = name === undefined ? "" : `${name} `;
  const lengths = typeof length === "number" ? [length] : length;
  const ids = lengths.length === 1 ? ["length"] : lengths.map((_, index) => `length ${index}`);
  return new Stationary(
    shape,
    [`${prefix}sd`, ...ids.map((id) => prefix + id)],
    Float64Array.of(sd, ...lengths),
  );
}

/**
 * k(a, b) = sd² · shape(r²),  r² = Σ_j ((a_j − b_j)/length_j)².
 * @see Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, §4.2 and §5.1.
 */
class Stationary implements Kernel {
  readonly hyperparameters: readonly Hyperparameter[];
  readonly #shape: Shape;
  readonly #values: Float64Array;

  constructor(shape: Shape, ids: readonly string[], values: Float64Array) {
    this.#shape = shape;
    this.#values = values;
    this.hyperparameters = ids.map((id, index) => ({ id, value: positive(id, entry(values, index)) }));
  }

  withValues(values: ArrayLike<number>): Kernel {
    checkCount(values, this.hyperparameters.length);
    return new Stationary(
      this.#shape,
      this.hyperparameters.map(({ id }) => id),
      Float64Array.from(values),
    );
  }

  covariance(left: Matrix, right: Matrix): Matrix {
    this.#checkInputs(left);
    this.#checkInputs(right);
    const result = new Matrix(left.rows, right.rows);
    const variance = entry(this.#values, 0) ** 2;
    for (let row = 0; row < left.rows; row++)
      for (let column = 0; column < right.rows; column++)
        result.set(
          row,
          column,
          variance * this.#shape.value(this.#squaredDistance(left, row, right, column)),
        );
    return result;
  }

  variances(points: Matrix): Float64Array {
    return new Float64Array(points.rows).fill(entry(this.#values, 0) ** 2);
  }

  slopes(points: Matrix): Matrix[] {
    const size = points.rows;
    const covariance = this.covariance(points, points);
    const bySd = new Matrix(
      size,
      size,
      covariance.data.map((value) => 2 * value),
    );
    const byLength = Array.from({ length: this.#values.length - 1 }, () => new Matrix(size, size));
    const variance = entry(this.#values, 0) ** 2;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const slope = variance * this.#shape.slope(this.#squaredDistance(points, row, points, column));
        for (let input = 0; input < points.columns; input++) {
          const index = Math.min(input, byLength.length - 1);
          const distance =
            (points.get(row, input) - points.get(column, input)) / entry(this.#values, 1 + index);
          byLength[index]?.add(row, column, slope * distance * distance);
        }
      }
    }
    return [bySd, ...byLength];
  }

  #squaredDistance(left: Matrix, row: number, right: Matrix, column: number): number {
    const shared = this.#values.length === 2;
    let sum = 0;
    for (let input = 0; input < left.columns; input++) {
      const length = entry(this.#values, shared ? 1 : 1 + input);
      sum += ((left.get(row, input) - right.get(column, input)) / length) ** 2;
    }
    return sum;
  }

  #checkInputs(points: Matrix): void {
    const lengths = this.#values.length - 1;
    if (lengths > 1 && points.columns !== lengths)
      throw shapeError(`points of ${points.columns} inputs`, `${lengths}, one for each length`);
  }
}

/** k₁ + k₂ + …: a sum of independent functions. */
export function sum(...kernels: readonly [Kernel, ...Kernel[]]): Kernel {
  const counts = kernels.map(({ hyperparameters }) => hyperparameters.length);
  return {
    hyperparameters: kernels.flatMap(({ hyperparameters }) => hyperparameters),
    withValues(values) {
      checkCount(
        values,
        counts.reduce((total, count) => total + count, 0),
      );
      let from = 0;
      const [first, ...others] = kernels.map((kernel, index) => {
        const own = Array.from(values).slice(from, from + entry(counts, index));
        from += own.length;
        return kernel.withValues(own);
      });
      return sum(first as Kernel, ...others);
    },
    covariance: (left, right) => addAll(kernels.map((kernel) => kernel.covariance(left, right))),
    variances: (points) => {
      const each = kernels.map((kernel) => kernel.variances(points));
      return Float64Array.from({ length: points.rows }, (_, row) =>
        each.reduce((total, variances) => total + entry(variances, row), 0),
      );
    },
    slopes: (points) => kernels.flatMap((kernel) => kernel.slopes(points)),
  };
}

/**
 * w(a) k(a, b) w(b): the function times a known weight. What is known of a discrepancy goes here, such as where physics
 * leaves none: w = 0 there. Without such knowledge a discrepancy and a parameter cannot be told apart.
 * @see Brynjarsdóttir & O'Hagan (2014), Inverse Problems 30, 114007, §4.
 */
export function weighted(kernel: Kernel, weight: (point: Float64Array) => number): Kernel {
  const scaled = (left: Matrix, right: Matrix, covariance: Matrix): Matrix => {
    const rows = weightsOf(left, weight);
    const columns = left === right ? rows : weightsOf(right, weight);
    const result = new Matrix(left.rows, right.rows);
    for (let row = 0; row < left.rows; row++)
      for (let column = 0; column < right.rows; column++)
        result.set(row, column, entry(rows, row) * entry(columns, column) * covariance.get(row, column));
    return result;
  };
  return {
    hyperparameters: kernel.hyperparameters,
    withValues: (values) => weighted(kernel.withValues(values), weight),
    covariance: (left, right) => scaled(left, right, kernel.covariance(left, right)),
    variances: (points) => {
      const weights = weightsOf(points, weight);
      return kernel.variances(points).map((variance, row) => variance * entry(weights, row) ** 2);
    },
    slopes: (points) => kernel.slopes(points).map((slope) => scaled(points, points, slope)),
  };
}

function weightsOf(points: Matrix, weight: (point: Float64Array) => number): Float64Array {
  const point = new Float64Array(points.columns);
  return Float64Array.from({ length: points.rows }, (_, row) => {
    for (let input = 0; input < points.columns; input++) point[input] = points.get(row, input);
    return weight(point);
  });
}

function addAll(matrices: readonly Matrix[]): Matrix {
  const total = (matrices[0] as Matrix).copy();
  for (const matrix of matrices.slice(1))
    for (let row = 0; row < total.rows; row++)
      for (let column = 0; column < total.columns; column++) total.add(row, column, matrix.get(row, column));
  return total;
}

function positive(id: string, value: number): number {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new TwinError("BAD_KERNEL", `${id} of a kernel is ${value}`, "expected a positive, finite number");
}

function checkCount(values: ArrayLike<number>, count: number): void {
  if (values.length !== count)
    throw shapeError(`${values.length} values for a kernel`, `${count}, one for each hyperparameter`);
}

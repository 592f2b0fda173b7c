import { TwinError } from "../../errors.ts";
import { Matrix, norm } from "../../linear-algebra/matrix.ts";
import {
  centralJacobian,
  type DifferenceSettings,
  extrapolatedJacobian,
  type VectorFunction,
} from "../../optimisation/differences.ts";
import { measureNoise } from "../../optimisation/model-noise.ts";
import type { Transform } from "../../optimisation/transforms.ts";
import { Evaluator, type FailurePolicy, type RunCounts } from "../problem/evaluator.ts";
import { checkProblem, type LeastSquaresProblem, transformOf } from "./problem.ts";

import type { ResidualSystem, Slopes } from "./residual-system.ts";

/**
 * r_i = (h_i(θ(z)) − y_i)/s_i with every run counted. Steps of differences follow the reach of each coordinate:
 * max(|z|, what it was lately), never below 1e-6 nor above 1 times the move that would change all outputs by their size.
 */
export class ModelResiduals implements ResidualSystem {
  readonly size: number;
  readonly coordinates: number;
  readonly transforms: readonly Transform[];
  readonly #problem: LeastSquaresProblem;
  readonly #evaluator: Evaluator;
  readonly #theta: Float64Array;
  readonly #raw: Float64Array;
  readonly #weights: Float64Array;
  readonly #value: Float64Array;
  readonly #stepReach: Float64Array;
  readonly #recent: Float64Array;
  /** Column norms of the last Jacobian by differences. */
  readonly #slopes: Float64Array;
  readonly #before: Float64Array;
  readonly #errors: Float64Array;
  #noise: number | undefined;
  #outputsThen = 0;

  constructor(problem: LeastSquaresProblem, failures: FailurePolicy = {}) {
    checkProblem(problem);
    this.#problem = problem;
    this.#evaluator = new Evaluator(failures);
    this.size = problem.observations.length;
    this.coordinates = problem.parameters.length;
    this.transforms = problem.parameters.map(transformOf);
    this.#theta = new Float64Array(this.coordinates);
    this.#raw = new Float64Array(this.size);
    this.#weights = problem.noise?.map((sd) => 1 / sd) ?? new Float64Array(this.size).fill(1);
    this.#value = new Float64Array(this.size);
    this.#recent = new Float64Array(this.coordinates);
    this.#stepReach = new Float64Array(this.coordinates);
    this.#slopes = new Float64Array(this.coordinates);
    this.#before = new Float64Array(this.coordinates);
    this.#errors = new Float64Array(this.coordinates);
  }

  residuals(z: Float64Array, out: Float64Array): boolean {
    if (!this.#simulate(this.#naturalOf(z))) return false;
    for (let row = 0; row < this.size; row++)
      out[row] =
        ((this.#raw[row] as number) - (this.#problem.observations[row] as number)) *
        (this.#weights[row] as number);
    return true;
  }

  jacobian(z: Float64Array, slopes: Slopes, out: Matrix): boolean {
    if (this.#problem.jacobian)
      return this.#exactJacobian(
        this.#naturalOf(z),
        (column) => (this.transforms[column] as Transform).slope(z[column] as number),
        out,
      );
    if (!this.#outputs(z, this.#value)) return false;
    this.#forgetNoiseOfOtherSizes();
    if (!this.#differences(z, slopes, out)) return false;
    // Steps came from the last point's slopes; where these are of another size they are taken again with their own.
    if (!this.#slopesAreOfOtherSize()) return true;
    this.#noise = undefined;
    return this.#differences(z, slopes, out);
  }

  #differences(z: Float64Array, slopes: Slopes, out: Matrix): boolean {
    this.#updateReach(z);
    const settings: DifferenceSettings = { reach: this.#stepReach, noise: this.noise(z) };
    const found =
      slopes === "quick"
        ? centralJacobian(this.#outputs, z, this.#value, settings, out)
        : extrapolatedJacobian(this.#outputs, z, this.#value, settings, out, this.#errors);
    if (!found) return false;
    this.#relativeErrors(slopes, out);
    for (let column = 0; column < this.coordinates; column++) {
      this.#before[column] = this.#slopes[column] as number;
      this.#slopes[column] = columnNorm(out, column);
    }
    return found;
  }

  #relativeErrors(slopes: Slopes, jacobian: Matrix): void {
    const plain = Math.cbrt((this.#noise ?? 0) / (norm(this.#value) || 1)) ** 2;
    for (let column = 0; column < this.coordinates; column++)
      this.#errors[column] =
        slopes === "quick" ? plain : (this.#errors[column] as number) / (columnNorm(jacobian, column) || 1);
  }

  #slopesAreOfOtherSize(): boolean {
    return this.#slopes.some((slope, column) => {
      const before = this.#before[column] as number;
      return before > 0 && !(slope < OTHER_SIZE * before && before < OTHER_SIZE * slope);
    });
  }

  reach(z: Float64Array): Float64Array {
    return z.map(
      (value, index) =>
        (this.transforms[index] as Transform).reach(value) || (this.#problem.parameters[index]?.typical ?? 1),
    );
  }

  noise(z: Float64Array): number {
    this.#noise ??= this.#declaredNoise() ?? this.#measuredNoise(z);
    return this.#noise;
  }

  /** Rounding grows with the outputs: what was measured where they were far larger or smaller is measured again. */
  #forgetNoiseOfOtherSizes(): void {
    const outputs = norm(this.#value);
    if (this.#problem.modelNoise !== undefined) return;
    if (outputs > 3 * this.#outputsThen || outputs < this.#outputsThen / 3) this.#noise = undefined;
  }

  slopeError(): number {
    return Math.max(...this.slopeErrors());
  }

  /** ‖error‖/‖column‖ of the last Jacobian, p: estimated for extrapolated differences, (noise/‖h‖)^{2/3} for plain ones. */
  slopeErrors(): Float64Array {
    return this.#errors;
  }

  /** Parameters that do not lie at a bound. */
  freeAt(theta: Float64Array): number[] {
    return Array.from(theta.keys()).filter(
      (index) => !nearBound(this.transforms[index] as Transform, theta[index] as number),
    );
  }

  /**
   * ∂h/∂θ · 1/s from ∂r/∂z at z, n × p. Near a bound z no longer resolves θ (dθ/dz → 0): slopes are then taken in θ itself,
   * one-sided if need be; NaN where the model has none.
   */
  naturalJacobian(z: Float64Array, jacobian: Matrix): Matrix {
    const natural = new Matrix(this.size, this.coordinates);
    const theta = this.theta(z);
    if (this.freeAt(theta).length < theta.length) {
      if (!this.#naturalSlopes(theta, natural)) natural.data.fill(Number.NaN);
      return natural;
    }
    this.transforms.forEach((transform, column) => {
      const slope = transform.slope(z[column] as number);
      for (let row = 0; row < this.size; row++) natural.set(row, column, jacobian.get(row, column) / slope);
    });
    return natural;
  }

  #naturalSlopes(theta: Float64Array, out: Matrix): boolean {
    if (this.#problem.jacobian) return this.#exactJacobian(theta, () => 1, out);
    const outputs: VectorFunction = (at, whitened) => this.#run(at, whitened);
    if (!outputs(theta, this.#value)) return false;
    const reach = theta.map((value, index) => {
      const { low, high } = this.transforms[index] as Transform;
      return Number.isFinite(high - low)
        ? high - low
        : Math.abs(value) || (this.#problem.parameters[index]?.typical ?? 1);
    });
    const settings: DifferenceSettings = {
      reach,
      noise: this.#noise ?? Number.EPSILON * norm(this.#value),
      low: this.transforms.map(({ low }) => low),
      high: this.transforms.map(({ high }) => high),
    };
    const found = extrapolatedJacobian(outputs, theta, this.#value, settings, out, this.#errors);
    if (found) this.#relativeErrors("exact", out);
    return found;
  }

  theta(z: ArrayLike<number>): Float64Array {
    return Float64Array.from(this.transforms, (transform, index) => transform.toNatural(z[index] as number));
  }

  coordinatesOf(theta: ArrayLike<number>): Float64Array {
    if (theta.length !== this.coordinates)
      throw new TwinError(
        "BAD_SHAPE",
        `${theta.length} starting values for ${this.coordinates} parameters`,
        "expected one for each parameter",
      );
    return Float64Array.from(this.transforms, (transform, index) =>
      transform.fromNatural(theta[index] as number),
    );
  }

  counts(): RunCounts {
    return this.#evaluator.counts();
  }

  /** Whitened outputs: they have the slopes of the residuals, and their own size says what rounding means. */
  readonly #outputs: VectorFunction = (z, out) => this.#run(this.#naturalOf(z), out);

  #run(theta: Float64Array, out: Float64Array): boolean {
    if (!this.#simulate(theta)) return false;
    for (let row = 0; row < this.size; row++)
      out[row] = (this.#raw[row] as number) * (this.#weights[row] as number);
    return true;
  }

  /** The same array each time. */
  #naturalOf(z: Float64Array): Float64Array {
    for (let index = 0; index < this.coordinates; index++)
      this.#theta[index] = (this.transforms[index] as Transform).toNatural(z[index] as number);
    return this.#theta;
  }

  #simulate(theta: Float64Array): boolean {
    return this.#evaluator.evaluate((out) => this.#problem.simulate(theta, out), this.#raw);
  }

  /** @param slope dθ/dz of each column. */
  #exactJacobian(theta: Float64Array, slope: (column: number) => number, out: Matrix): boolean {
    out.data.fill(Number.NaN);
    const ran = this.#evaluator.evaluate(() => {
      this.#problem.jacobian?.(theta, out);
    }, NOTHING);
    if (!ran || !out.data.every(Number.isFinite)) return false;
    for (let column = 0; column < this.coordinates; column++)
      for (let row = 0; row < this.size; row++)
        out.set(row, column, out.get(row, column) * slope(column) * (this.#weights[row] as number));
    return true;
  }

  /** From the values of z, and from the slopes of the last Jacobian at the size that the outputs have now. */
  #updateReach(z: Float64Array): void {
    const outputs = norm(this.#value);
    for (let index = 0; index < z.length; index++) {
      const own = (this.transforms[index] as Transform).reach(z[index] as number);
      const recent = Math.max(own, FADING * (this.#recent[index] as number));
      const slope = this.#slopes[index] as number;
      const whole = slope > 0 && outputs > 0 ? outputs / slope : undefined;
      this.#recent[index] = recent;
      this.#stepReach[index] =
        recent === 0
          ? (this.#problem.parameters[index]?.typical ?? 1)
          : Math.max(Math.min(Math.max(recent, 1e-6 * (whole ?? 0)), whole ?? recent), 1e-6 * own);
    }
  }

  #declaredNoise(): number | undefined {
    const declared = this.#problem.modelNoise;
    return declared === undefined ? undefined : declared * norm(this.#weights);
  }

  #measuredNoise(z: Float64Array): number {
    this.#outputsThen = this.#outputs(z, this.#value) ? norm(this.#value) : 0;
    this.#updateReach(z);
    return measureNoise(this.#outputs, z, this.#stepReach, this.size) ?? Number.EPSILON * this.#outputsThen;
  }
}

/** Share of its former reach that a coordinate keeps from one Jacobian to the next: one that crosses 0 keeps its steps. */
const FADING = 0.3;
/** Factor between the slopes of two points from which on the steps of one are wrong for the other. */
const OTHER_SIZE = 1e3;
const NOTHING = new Float64Array(0);

/** Nearer than this share of the interval (of its size, with one bound) to a bound. */
const NEAR_BOUND = 1e-6;

function nearBound({ low, high }: Transform, theta: number): boolean {
  const width = Number.isFinite(high - low) ? high - low : Math.abs(theta);
  return Math.min(theta - low, high - theta) <= NEAR_BOUND * width;
}

function columnNorm(matrix: Matrix, column: number): number {
  let sum = 0;
  for (let row = 0; row < matrix.rows; row++) sum += matrix.get(row, column) ** 2;
  return Math.sqrt(sum);
}

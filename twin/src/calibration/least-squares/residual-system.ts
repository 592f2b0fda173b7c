import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
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

/** How well slopes are wanted: two runs a parameter, or as many digits as the model gives. */
export type Slopes = "quick" | "exact";

/** Residuals r(z) of n readings in p unbounded coordinates: what a descent sees. */
export interface ResidualSystem {
  readonly size: number;
  readonly coordinates: number;
  /** Writes r, n; false when the model failed. */
  residuals(z: Float64Array, out: Float64Array): boolean;
  /** Writes ∂r/∂z, n × p, at the point of the residuals r; false when the model failed all around. */
  jacobian(z: Float64Array, slopes: Slopes, out: Matrix): boolean;
  /** Root of the summed variances of the model's own errors in r. */
  noise(z: Float64Array): number;
}

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
  readonly #recent: Float64Array;
  readonly #sensitivity: Float64Array;
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
    this.#sensitivity = new Float64Array(this.coordinates);
    this.#errors = new Float64Array(this.coordinates);
  }

  residuals(z: Float64Array, out: Float64Array): boolean {
    if (!this.#simulate(z)) return false;
    for (let row = 0; row < this.size; row++)
      out[row] =
        ((this.#raw[row] as number) - (this.#problem.observations[row] as number)) *
        (this.#weights[row] as number);
    return true;
  }

  jacobian(z: Float64Array, slopes: Slopes, out: Matrix): boolean {
    if (this.#problem.jacobian) return this.#exactJacobian(z, out);
    if (!this.#outputs(z, this.#value)) return false;
    this.#forgetNoiseOfOtherSizes();
    const settings: DifferenceSettings = { reach: this.#reach(z), noise: this.noise(z) };
    const found =
      slopes === "quick"
        ? centralJacobian(this.#outputs, z, this.#value, settings, out)
        : extrapolatedJacobian(this.#outputs, z, this.#value, settings, out, this.#errors);
    if (found) this.#remember(out);
    return found;
  }

  noise(z: Float64Array): number {
    this.#noise ??= this.#declaredNoise() ?? this.#measuredNoise(z);
    return this.#noise;
  }

  /** Rounding grows with the outputs: what was measured where they were far larger or smaller is measured again. */
  #forgetNoiseOfOtherSizes(): void {
    const outputs = Math.hypot(...this.#value);
    if (this.#problem.modelNoise !== undefined) return;
    if (outputs > 3 * this.#outputsThen || outputs < this.#outputsThen / 3) this.#noise = undefined;
  }

  /** ‖error‖/‖column‖ of the last "exact" slopes taken by differences, p; zeros for a given Jacobian. */
  slopeErrors(jacobian: Matrix): Float64Array {
    return this.#errors.map((error, column) => error / (columnNorm(jacobian, column) || 1));
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
  readonly #outputs: VectorFunction = (z, out) => {
    if (!this.#simulate(z)) return false;
    for (let row = 0; row < this.size; row++)
      out[row] = (this.#raw[row] as number) * (this.#weights[row] as number);
    return true;
  };

  #simulate(z: Float64Array): boolean {
    for (let index = 0; index < this.coordinates; index++)
      this.#theta[index] = (this.transforms[index] as Transform).toNatural(z[index] as number);
    return this.#evaluator.evaluate((out) => this.#problem.simulate(this.#theta, out), this.#raw);
  }

  #exactJacobian(z: Float64Array, out: Matrix): boolean {
    for (let index = 0; index < this.coordinates; index++)
      this.#theta[index] = (this.transforms[index] as Transform).toNatural(z[index] as number);
    out.data.fill(Number.NaN);
    const ran = this.#evaluator.evaluate(() => {
      this.#problem.jacobian?.(this.#theta, out);
    }, NOTHING);
    if (!ran || !out.data.every(Number.isFinite)) return false;
    for (let column = 0; column < this.coordinates; column++) {
      const slope = (this.transforms[column] as Transform).slope(z[column] as number);
      for (let row = 0; row < this.size; row++)
        out.set(row, column, out.get(row, column) * slope * (this.#weights[row] as number));
    }
    return true;
  }

  #reach(z: Float64Array): Float64Array {
    return z.map((value, index) => {
      const own = (this.transforms[index] as Transform).reach(value);
      const recent = Math.max(own, FADING * (this.#recent[index] as number));
      this.#recent[index] = recent;
      const whole = this.#sensitivity[index] as number;
      if (recent === 0) return this.#problem.parameters[index]?.typical ?? 1;
      return whole > 0 ? Math.min(Math.max(recent, 1e-6 * whole), whole) : recent;
    });
  }

  #remember(jacobian: Matrix): void {
    const outputs = Math.hypot(...this.#value);
    for (let column = 0; column < this.coordinates; column++) {
      const slope = columnNorm(jacobian, column);
      this.#sensitivity[column] = slope > 0 ? outputs / slope : 0;
    }
  }

  #declaredNoise(): number | undefined {
    const declared = this.#problem.modelNoise;
    return declared === undefined ? undefined : declared * Math.hypot(...this.#weights);
  }

  #measuredNoise(z: Float64Array): number {
    const measured = measureNoise(this.#outputs, z, this.#reach(z), this.size);
    this.#outputsThen = this.#outputs(z, this.#value) ? Math.hypot(...this.#value) : 0;
    return measured ?? Number.EPSILON * this.#outputsThen;
  }
}

/** Share of its former reach that a coordinate keeps from one Jacobian to the next: one that crosses 0 keeps its steps. */
const FADING = 0.3;
const NOTHING = new Float64Array(0);

/** The same residuals with one coordinate held. */
export class HeldCoordinate implements ResidualSystem {
  readonly size: number;
  readonly coordinates: number;
  readonly #whole: ResidualSystem;
  readonly #index: number;
  readonly #full: Float64Array;
  readonly #jacobian: Matrix;

  constructor(whole: ResidualSystem, index: number, value: number) {
    this.#whole = whole;
    this.#index = index;
    this.size = whole.size;
    this.coordinates = whole.coordinates - 1;
    this.#full = new Float64Array(whole.coordinates);
    this.#full[index] = value;
    this.#jacobian = new Matrix(whole.size, whole.coordinates);
  }

  residuals(z: Float64Array, out: Float64Array): boolean {
    return this.#whole.residuals(this.whole(z), out);
  }

  jacobian(z: Float64Array, slopes: Slopes, out: Matrix): boolean {
    if (!this.#whole.jacobian(this.whole(z), slopes, this.#jacobian)) return false;
    for (let row = 0; row < this.size; row++)
      for (let column = 0; column < this.coordinates; column++)
        out.set(row, column, this.#jacobian.get(row, column < this.#index ? column : column + 1));
    return true;
  }

  noise(z: Float64Array): number {
    return this.#whole.noise(this.whole(z));
  }

  /** All coordinates; the same array each time. */
  whole(z: Float64Array): Float64Array {
    for (let column = 0; column < this.coordinates; column++)
      this.#full[column < this.#index ? column : column + 1] = z[column] as number;
    return this.#full;
  }
}

function columnNorm(matrix: Matrix, column: number): number {
  let sum = 0;
  for (let row = 0; row < matrix.rows; row++) sum += matrix.get(row, column) ** 2;
  return Math.sqrt(sum);
}

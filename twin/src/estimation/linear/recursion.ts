import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import type { CovarianceForm, FormName } from "./covariance-form.ts";
import { DiffuseDirections } from "./diffuse-directions.ts";
import type { LinearModel, Transition } from "./model.ts";
import { SequentialForm } from "./sequential-form.ts";
import { SquareRootForm } from "./square-root-form.ts";
import { UdForm } from "./ud-form.ts";

/**
 * The belief of a linear filter and its two moves, one scalar at a time. While directions are diffuse the belief is
 * N(m, P + κ P∞), κ → ∞, and `mean` and `form` hold m and P.
 *
 *     diffuse scalar, F∞ = zᵀP∞z > 0:   K = P∞z/F∞,   m⁺ = m + K v,   P⁺ = (I − K zᵀ) P (I − K zᵀ)ᵀ + r K Kᵀ
 *     any other:                        K = P z/F,    m⁺ = m + K v,   P⁺ likewise,   F = zᵀPz + r
 *
 * The results of the last `absorb` stay in the fields until the next.
 */
export class Recursion {
  readonly mean: Float64Array;
  readonly form: CovarianceForm;
  readonly directions: DiffuseDirections;
  /** K. */
  readonly gain: Float64Array;
  /** v = value − zᵀm. */
  innovation = 0;
  /** F = zᵀPz + r. */
  variance = 0;
  /** F∞; 0 for an ordinary scalar. */
  diffuseVariance = 0;
  readonly #moved: Float64Array;

  constructor(model: LinearModel, form: FormName) {
    const { mean, covariance, diffuse } = model.start;
    this.mean = mean.slice();
    this.form = formOf(form, covariance);
    this.directions = new DiffuseDirections(diffuse);
    this.gain = new Float64Array(mean.length);
    this.#moved = new Float64Array(mean.length);
  }

  predict(transition: Transition): void {
    const { matrix, drift } = transition;
    const size = this.mean.length;
    for (let row = 0; row < size; row++) {
      let sum = drift === undefined ? 0 : (drift[row] as number);
      for (let inner = 0; inner < size; inner++) sum += matrix.get(row, inner) * (this.mean[inner] as number);
      this.#moved[row] = sum;
    }
    this.mean.set(this.#moved);
    this.form.propagate(transition);
    this.directions.propagate(matrix);
  }

  /** @throws {TwinError} SINGULAR_INNOVATION for a scalar whose value was certain beforehand. */
  absorb(row: Float64Array, value: number, noise: number): void {
    this.innovation = this.residual(row, value);
    this.diffuseVariance = this.directions.count === 0 ? 0 : this.directions.seen(row);
    if (this.diffuseVariance > 0) {
      this.variance = this.form.times(row, this.#moved) + noise;
      this.directions.end(this.diffuseVariance, this.gain);
      this.form.absorbWithGain(row, noise, this.gain);
    } else {
      this.variance = this.form.absorb(row, noise, this.gain);
      if (!(this.variance > 0)) throw singularInnovation(this.variance);
    }
    for (let index = 0; index < row.length; index++)
      this.mean[index] = (this.mean[index] as number) + (this.gain[index] as number) * this.innovation;
  }

  /** zᵀPz. */
  spread(row: Float64Array): number {
    return this.form.times(row, this.#moved);
  }

  /** P ← factor · P; the mean stays. */
  widen(factor: number): void {
    const size = this.mean.length;
    const stretched = Matrix.diagonal(new Float64Array(size).fill(Math.sqrt(factor)));
    this.form.propagate({ matrix: stretched, noise: new Matrix(size, size) });
  }

  /** v, without assimilating. */
  residual(row: Float64Array, value: number): number {
    let residual = value;
    for (let index = 0; index < row.length; index++)
      residual -= (row[index] as number) * (this.mean[index] as number);
    return residual;
  }
}

function formOf(name: FormName, covariance: Matrix): CovarianceForm {
  if (name === "ud") return new UdForm(covariance);
  if (name === "square-root") return new SquareRootForm(covariance);
  return new SequentialForm(covariance);
}

const singularInnovation = (variance: number): TwinError =>
  new TwinError(
    "SINGULAR_INNOVATION",
    `a reading was predicted with variance ${variance}: the model holds it for certain`,
    "give the sensor noise, the state process noise, or leave out one of two readings that say the same",
  );

import { Matrix } from "../../linear-algebra/matrix.ts";

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
  /** Relative error of the worst column of the last Jacobian: columns that differ by less are one. */
  slopeError(): number;
  /** Distances over which a model usually changes in kind, p: |z|, or 1 where z is a logarithm. */
  reach(z: Float64Array): Float64Array;
  /** Root of the summed variances of the model's own errors in r. */
  noise(z: Float64Array): number;
}

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

  slopeError(): number {
    return this.#whole.slopeError();
  }

  reach(z: Float64Array): Float64Array {
    return this.#whole.reach(this.whole(z)).filter((_, index) => index !== this.#index);
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

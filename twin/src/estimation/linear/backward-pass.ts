import { Matrix, multiply, plus, symmetrise, timesVector } from "../../linear-algebra/matrix.ts";
import { multiplyInto, sandwichInto } from "../../linear-algebra/products.ts";
import type { Gaussian } from "../gaussian.ts";
import type { AssimilatedScalar, FilteredStep } from "./filtered.ts";
import type { Transition } from "./model.ts";

/**
 * What later readings say about the state, walking backwards: r and N with E[x | all] = m + P r, Var = P − P N P.
 *
 *     one scalar:    r ← z v/F + Lᵀr,   N ← z zᵀ/F + Lᵀ N L,   L = I − K zᵀ          one transition:  r ← Fᵀr,  N ← Fᵀ N F
 *
 * Through the diffuse phase, P = P* + κ P∞, both are kept to the orders in 1/κ that matter as κ → ∞: r₀ + r₁/κ and
 * N₀ + N₁/κ + N₂/κ², with L = L₀ + L₁/κ, L₀ = I − K₀zᵀ, L₁ = −K₁zᵀ. Nothing is inverted.
 *
 * @see de Jong (1989), J. Am. Stat. Assoc. 84; Durbin & Koopman (2012), §§4.4, 5.3, 6.4.
 */
export class BackwardPass {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #information: Matrix;
  readonly #informationFirst: Matrix;
  readonly #informationSecond: Matrix;
  /** Whether a diffuse scalar has been passed: before that the terms in 1/κ are zero. */
  #diffuse = false;
  readonly #work: Float64Array;
  readonly #product: Matrix;
  readonly #half: Matrix;
  #forward: Matrix | undefined;
  #back: Matrix;

  constructor(states: number) {
    this.#first = new Float64Array(states);
    this.#second = new Float64Array(states);
    this.#information = new Matrix(states, states);
    this.#informationFirst = new Matrix(states, states);
    this.#informationSecond = new Matrix(states, states);
    this.#work = new Float64Array(states);
    this.#product = new Matrix(states, states);
    this.#half = new Matrix(states, states);
    this.#back = this.#half;
  }

  /** Back over one reading. */
  read({ scalars }: FilteredStep): void {
    for (let index = scalars.length - 1; index >= 0; index--) {
      const scalar = scalars[index] as AssimilatedScalar;
      if (scalar.diffuse === undefined) this.#ordinary(scalar);
      else this.#endOfDirection(scalar, scalar.diffuse);
    }
  }

  /** Back over one transition. */
  travel(transition: Transition): void {
    const back = this.#transposed(transition.matrix);
    this.#moveVector(this.#first, back);
    this.#moveMatrix(this.#information, back);
    if (!this.#diffuse) return;
    this.#moveVector(this.#second, back);
    this.#moveMatrix(this.#informationFirst, back);
    this.#moveMatrix(this.#informationSecond, back);
  }

  /** The state of a step after `read` of that step: given everything that was passed. */
  smoothed({ predicted, diffuse }: FilteredStep): Gaussian & { readonly unseen: Matrix | undefined } {
    const { covariance } = predicted;
    const mean = predicted.mean.slice();
    addTimes(mean, covariance, this.#first);
    const result = covariance.copy();
    addMatrix(result, sandwichInto(this.#product, covariance, this.#information, this.#half), -1);
    if (diffuse === undefined) return { mean, covariance: result, unseen: undefined };
    const infinite = multiply(diffuse, diffuse.transpose());
    addTimes(mean, infinite, this.#second);
    const cross = multiply(covariance, multiply(this.#informationFirst, infinite));
    addMatrix(result, cross, -1);
    addMatrix(result, cross.transpose(), -1);
    addMatrix(result, multiply(infinite, multiply(this.#informationSecond, infinite)), -1);
    const unseen = plus(infinite, multiply(infinite, multiply(this.#informationFirst, infinite)), -1);
    return { mean, covariance: symmetrise(result), unseen };
  }

  /** Cov(x_k, x_{k−1}), n × n, after `read` of step k, the later of the two. */
  lagged({ transition, predicted, diffuse }: FilteredStep, before: FilteredStep): Matrix {
    const { covariance } = predicted;
    const cross = transition
      ? multiplyInto(this.#half, transition.matrix, before.filtered.covariance)
      : before.filtered.covariance;
    multiplyInto(this.#product, covariance, this.#information);
    const result = cross.copy();
    subtractProduct(result, this.#product, cross);
    if (diffuse === undefined || before.stillDiffuse === undefined) return result;
    const infinite = multiply(diffuse, diffuse.transpose());
    const infiniteCross = multiply(diffuse, before.stillDiffuse.transpose());
    const firstOrder = this.#informationFirst;
    addMatrix(result, multiply(infinite, multiply(this.#informationSecond, infiniteCross)), -1);
    addMatrix(result, multiply(covariance, multiply(firstOrder, infiniteCross)), -1);
    addMatrix(result, multiply(infinite, multiply(firstOrder, cross)), -1);
    return result;
  }

  /** The noise of the transition that led to a step, after `read` of that step: w = Q r, Var = Q − Q N Q. */
  stateNoise({ noise }: Transition): Gaussian {
    const mean = new Float64Array(noise.rows);
    addTimes(mean, noise, this.#first);
    const covariance = noise.copy();
    addMatrix(covariance, sandwichInto(this.#product, noise, this.#information, this.#half), -1);
    return { mean, covariance };
  }

  #transposed(matrix: Matrix): Matrix {
    if (matrix !== this.#forward) {
      this.#forward = matrix;
      this.#back = matrix.transpose();
    }
    return this.#back;
  }

  #moveVector(vector: Float64Array, back: Matrix): void {
    this.#work.fill(0);
    addTimes(this.#work, back, vector);
    vector.set(this.#work);
  }

  #moveMatrix(matrix: Matrix, back: Matrix): void {
    sandwichInto(this.#product, back, matrix, this.#half);
    matrix.data.set(this.#product.data);
  }

  #ordinary({ row, innovation, variance, gain }: AssimilatedScalar): void {
    pull(this.#first, row, gain, innovation / variance);
    narrow(this.#information, row, gain, 1 / variance, this.#work);
    if (!this.#diffuse) return;
    pull(this.#second, row, gain, 0);
    narrow(this.#informationFirst, row, gain, 0, this.#work);
    narrow(this.#informationSecond, row, gain, 0, this.#work);
  }

  #endOfDirection(
    { row, innovation, variance, gain }: AssimilatedScalar,
    second: { readonly variance: number; readonly gain: Float64Array },
  ): void {
    this.#diffuse = true;
    const infinite = second.variance;
    const [zeroth, first] = [this.#information, this.#informationFirst];
    // Everything of the old N₀, N₁ and r₀ that the higher orders need, before these are overwritten.
    const firstCross = crossTerm(zeroth, row, gain, second.gain);
    const secondCross = crossTerm(first, row, gain, second.gain);
    const quadratic = dotThrough(second.gain, zeroth, second.gain);
    pull(this.#second, row, gain, innovation / infinite - inner(second.gain, this.#first));
    pull(this.#first, row, gain, 0);
    narrow(this.#informationSecond, row, gain, quadratic - variance / infinite / infinite, this.#work);
    subtractCross(this.#informationSecond, row, secondCross);
    narrow(first, row, gain, 1 / infinite, this.#work);
    subtractCross(first, row, firstCross);
    narrow(zeroth, row, gain, 0, this.#work);
  }
}

/** r ← r − z (Kᵀr) + z · extra. */
function pull(vector: Float64Array, row: Float64Array, gain: Float64Array, extra: number): void {
  const scale = extra - inner(gain, vector);
  for (let index = 0; index < vector.length; index++)
    vector[index] = (vector[index] as number) + scale * (row[index] as number);
}

/** N ← (I − K zᵀ)ᵀ N (I − K zᵀ) + z zᵀ · extra, on one triangle and mirrored. */
function narrow(
  matrix: Matrix,
  row: Float64Array,
  gain: Float64Array,
  extra: number,
  along: Float64Array,
): void {
  const spread = timesInto(matrix, gain, along) + extra;
  for (let index = 0; index < row.length; index++) {
    const [z, u] = [row[index] as number, along[index] as number];
    for (let other = 0; other <= index; other++) {
      const zOther = row[other] as number;
      const value = matrix.get(index, other) + z * (spread * zOther - (along[other] as number)) - u * zOther;
      matrix.set(index, other, value);
      matrix.set(other, index, value);
    }
  }
}

/** L₀ᵀ N K₁. */
function crossTerm(
  matrix: Matrix,
  row: Float64Array,
  gain: Float64Array,
  second: Float64Array,
): Float64Array {
  const cross = timesVector(matrix, second);
  const along = inner(gain, cross);
  return cross.map((value, index) => value - (row[index] as number) * along);
}

/** N ← N − q zᵀ − z qᵀ. */
function subtractCross(matrix: Matrix, row: Float64Array, cross: Float64Array): void {
  for (let index = 0; index < row.length; index++)
    for (let other = 0; other < row.length; other++)
      matrix.add(
        index,
        other,
        -(cross[index] as number) * (row[other] as number) -
          (row[index] as number) * (cross[other] as number),
      );
}

/** `out` ← M v; returns vᵀ M v. */
function timesInto(matrix: Matrix, vector: Float64Array, out: Float64Array): number {
  let spread = 0;
  for (let row = 0; row < vector.length; row++) {
    let sum = 0;
    for (let column = 0; column < vector.length; column++)
      sum += matrix.get(row, column) * (vector[column] as number);
    out[row] = sum;
    spread += sum * (vector[row] as number);
  }
  return spread;
}

const dotThrough = (left: Float64Array, matrix: Matrix, right: Float64Array): number =>
  inner(left, timesVector(matrix, right));

function inner(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += (left[index] as number) * (right[index] as number);
  return sum;
}

/** target ← target + M v. */
function addTimes(target: Float64Array, matrix: Matrix, vector: Float64Array): void {
  for (let row = 0; row < target.length; row++) {
    let sum = target[row] as number;
    for (let column = 0; column < vector.length; column++)
      sum += matrix.get(row, column) * (vector[column] as number);
    target[row] = sum;
  }
}

function addMatrix(target: Matrix, other: Matrix, scale: number): void {
  for (let row = 0; row < target.rows; row++)
    for (let column = 0; column < target.columns; column++)
      target.add(row, column, scale * other.get(row, column));
}

/** target ← target − A B. */
function subtractProduct(target: Matrix, left: Matrix, right: Matrix): void {
  for (let row = 0; row < left.rows; row++)
    for (let inner = 0; inner < left.columns; inner++) {
      const scale = left.get(row, inner);
      for (let column = 0; column < right.columns; column++)
        target.add(row, column, -scale * right.get(inner, column));
    }
}

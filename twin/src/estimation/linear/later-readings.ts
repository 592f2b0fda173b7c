import { copyBlock } from "../../linear-algebra/blocks.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { triangularise } from "../../linear-algebra/triangularise.ts";
import type { AssimilatedScalar } from "./filtered.ts";
import type { Transition } from "./model.ts";
import type { NoiseRoots } from "./noise-roots.ts";

/** 1/√r of a reading without noise: so far above any other weight that rotations carry both without mixing their digits. */
const CERTAIN = 2 ** 100;

/**
 * What later readings alone say about the state, walking backwards: the square-root information J x = ζ + e, e ~ N(0, I).
 *
 *     one scalar:       [J; zᵀ/√r]  → [J⁺; 0] by rotations of rows
 *     one transition:   [[I, 0], [J G, J F]] → [[∗, ∗], [0, J⁺]],  Q = G Gᵀ, the noise eliminated;  ζ ← ζ − J c first
 *
 * Neither F nor Q nor any covariance is inverted, and nothing of the filter's belief enters: no digits are lost where that
 * belief is wide or diffuse. The array is held transposed, [J ζ]ᵀ, (n + 1) × n, as `triangularise` takes it.
 *
 * @see Bierman (1977), Factorization Methods for Discrete Sequential Estimation, ch. VI; Mayne (1966), Automatica 4, for two
 *   filters that meet.
 */
export class LaterReadings {
  readonly #states: number;
  readonly #noiseRoots: NoiseRoots;
  readonly #array: Matrix;
  /** Where arrays are rotated, one for each number of extra columns. */
  readonly #rooms = new Map<number, Matrix>();
  #work: Float64Array = new Float64Array(0);

  constructor(states: number, noiseRoots: NoiseRoots) {
    this.#states = states;
    this.#noiseRoots = noiseRoots;
    this.#array = new Matrix(states + 1, states);
  }

  /** Back over one reading. */
  read(scalars: readonly AssimilatedScalar[]): void {
    const states = this.#states;
    const count = scalars.length;
    if (count === 0) return;
    const array = this.#room(-count, states + 1, states + count);
    copyBlock(array, this.#array, 0, 0);
    for (let index = 0; index < count; index++) {
      const { row, value, noise } = scalars[index] as AssimilatedScalar;
      const weight = noise > 0 ? 1 / Math.sqrt(noise) : CERTAIN;
      for (let state = 0; state < states; state++)
        array.set(state, states + index, weight * (row[state] as number));
      array.set(states, states + index, weight * value);
    }
    this.#keep(array, 0);
  }

  /** Back over one transition, where there was one, and first over a sudden widening w ~ N(0, E Eᵀ) of the belief. */
  travel(transition: Transition | undefined, widening?: Matrix): void {
    if (widening !== undefined) this.#pass(widening.transpose(), undefined);
    if (transition !== undefined) this.#pass(this.#noiseRoots.transposed(transition.noise), transition);
  }

  /** Rows of `out` from here ← J b of the first n numbers of each of the first `count` rows b. */
  see(rows: Matrix, count: number, out: Matrix, top: number, left: number): void {
    const states = this.#states;
    for (let source = 0; source < count; source++)
      for (let state = 0; state < states; state++) {
        const factor = rows.get(source, state);
        if (factor === 0) continue;
        for (let row = 0; row < states; row++)
          out.add(top + source, left + row, factor * this.#array.get(state, row));
      }
  }

  /** Entry of ζ − J m. */
  residual(mean: Float64Array, row: number): number {
    let rest = this.#array.get(this.#states, row);
    for (let state = 0; state < this.#states; state++)
      rest -= (mean[state] as number) * this.#array.get(state, row);
    return rest;
  }

  /** Rotates unit noises with these loadings (q × n) out of what is known after a transition. */
  #pass(noises: Matrix, transition: Transition | undefined): void {
    const states = this.#states;
    const count = noises.rows;
    const array = this.#room(count, count + states + 1, count + states);
    array.data.fill(0);
    for (let index = 0; index < count; index++) array.set(index, index, 1);
    this.see(noises, count, array, 0, count);
    if (transition === undefined) copyBlock(array, this.#array, count, count);
    else this.#before(transition, array, count);
    this.#keep(array, count);
  }

  /** J F and ζ − J c into the array from this diagonal place on. */
  #before({ matrix, drift }: Transition, array: Matrix, from: number): void {
    const states = this.#states;
    for (let state = 0; state < states; state++)
      for (let inner = 0; inner < states; inner++) {
        const factor = matrix.get(inner, state);
        if (factor === 0) continue;
        for (let row = 0; row < states; row++)
          array.add(from + state, from + row, factor * this.#array.get(inner, row));
      }
    for (let row = 0; row < states; row++)
      array.set(
        from + states,
        from + row,
        drift === undefined ? this.#array.get(states, row) : this.residual(drift, row),
      );
  }

  #room(key: number, rows: number, columns: number): Matrix {
    let room = this.#rooms.get(key);
    if (room === undefined) {
      room = new Matrix(rows, columns);
      this.#rooms.set(key, room);
      if (this.#work.length < 2 * columns) this.#work = new Float64Array(2 * columns);
    }
    return room;
  }

  /** Rotates, and takes the new [J ζ]ᵀ from this diagonal place on. */
  #keep(array: Matrix, from: number): void {
    const states = this.#states;
    triangularise(array, this.#work);
    for (let row = 0; row <= states; row++)
      for (let column = 0; column < states; column++)
        this.#array.set(row, column, array.get(from + row, from + column));
  }
}

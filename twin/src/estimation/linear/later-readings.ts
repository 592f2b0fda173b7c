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
  #array: Matrix;
  readonly #noiseRoots: NoiseRoots;

  constructor(states: number, noiseRoots: NoiseRoots) {
    this.#states = states;
    this.#noiseRoots = noiseRoots;
    this.#array = new Matrix(states + 1, states);
  }

  /** Back over one reading. */
  read(scalars: readonly AssimilatedScalar[]): void {
    const states = this.#states;
    if (scalars.length === 0) return;
    const array = new Matrix(states + 1, states + scalars.length);
    copyBlock(array, this.#array, 0, 0);
    scalars.forEach(({ row, value, noise }, index) => {
      const weight = noise > 0 ? 1 / Math.sqrt(noise) : CERTAIN;
      for (let state = 0; state < states; state++)
        array.set(state, states + index, weight * (row[state] as number));
      array.set(states, states + index, weight * value);
    });
    this.#keep(triangularise(array), 0, 0);
  }

  /** Back over one transition, where there was one, and first over a sudden widening w ~ N(0, E Eᵀ) of the belief. */
  travel(transition: Transition | undefined, widening?: Matrix): void {
    if (widening !== undefined) this.#eliminate(this.seenThrough(widening), this.#array);
    if (transition === undefined) return;
    const { matrix, drift, noise } = transition;
    const moved = this.seenThrough(matrix);
    const states = this.#states;
    const array = new Matrix(states + 1, states);
    copyBlock(array, moved, 0, 0);
    for (let column = 0; column < states; column++) array.set(states, column, this.residual(drift, column));
    this.#eliminate(this.seenThrough(this.#noiseRoots.of(noise)), array);
  }

  /** (J B)ᵀ, k × n, for B, n × k. */
  seenThrough(columns: Matrix): Matrix {
    const result = new Matrix(columns.columns, this.#states);
    for (let source = 0; source < columns.columns; source++)
      for (let state = 0; state < this.#states; state++) {
        const factor = columns.get(state, source);
        if (factor === 0) continue;
        for (let row = 0; row < this.#states; row++)
          result.add(source, row, factor * this.#array.get(state, row));
      }
    return result;
  }

  /** Entry of ζ − J m; of ζ where m is absent. */
  residual(mean: Float64Array | undefined, row: number): number {
    let rest = this.#array.get(this.#states, row);
    if (mean !== undefined)
      for (let state = 0; state < this.#states; state++)
        rest -= (mean[state] as number) * this.#array.get(state, row);
    return rest;
  }

  /** The rest of the array after unit noises, seen as `noises` (q × n), are rotated out of it. */
  #eliminate(noises: Matrix, rest: Matrix): void {
    const { rows: count } = noises;
    const array = new Matrix(count + rest.rows, count + rest.columns);
    for (let index = 0; index < count; index++) array.set(index, index, 1);
    copyBlock(array, noises, 0, count);
    copyBlock(array, rest, count, count);
    this.#keep(triangularise(array), count, count);
  }

  #keep(array: Matrix, top: number, left: number): void {
    const states = this.#states;
    const kept = new Matrix(states + 1, states);
    for (let row = 0; row <= states; row++)
      for (let column = 0; column < states; column++)
        kept.set(row, column, array.get(top + row, left + column));
    this.#array = kept;
  }
}

import { columns } from "../../linear-algebra/blocks.ts";
import { Matrix, multiply } from "../../linear-algebra/matrix.ts";
import { svd } from "../../linear-algebra/svd.ts";
import { solveLowerInPlace } from "../../linear-algebra/triangular.ts";
import { triangularise } from "../../linear-algebra/triangularise.ts";
import type { Gaussian } from "../gaussian.ts";
import type { Departure } from "./forward-roots.ts";
import type { LaterReadings } from "./later-readings.ts";
import type { Transition } from "./model.ts";
import type { NoiseRoots } from "./noise-roots.ts";

/**
 * A filter from the front and later readings from behind, meeting at one state: least squares in square roots.
 *
 * The state before was m + S e + A δ, so this one is x = F m + c + B s with the sources s = (e, w, δ), B = [F S, G, F A]. What
 * is known of s is e, w ~ N(0, I), nothing of δ, and what later readings say of x:
 *
 *     [[I, 0], [J B_(e,w), J B_δ]] s = (0, ζ − J(F m + c)) + N(0, I)   →   U s = g + N(0, I),   Cov(x) = (B U⁻¹)(B U⁻¹)ᵀ
 *
 * by rotations. Every covariance is a square, so none has a negative variance, however wide the filter's belief was.
 *
 * One object serves all steps of a series: `at` prepares the next, and the moments are of that one.
 *
 * @see Paige & Saunders (1977), SIAM J. Numer. Anal. 14, for smoothing as least squares in square roots.
 */
export class Meeting {
  /** The part of Cov(x) that stays infinite, n × n; undefined unless directions are unseen. */
  unseen: Matrix | undefined;
  readonly #states: number;
  readonly #noiseRoots: NoiseRoots;
  /** F m + c. */
  readonly #mean: Float64Array;
  /** One row for each source: its loadings on x, on the state before and on w, n numbers each; times U⁻¹ in the end. */
  #sources: Matrix;
  /** [[I, 0], [J B]]ᵀ with the right side below; in the end Uᵀ, and g below. */
  #array: Matrix;
  #work: Float64Array;
  #placed = 0;

  constructor(states: number, noiseRoots: NoiseRoots) {
    this.#states = states;
    this.#noiseRoots = noiseRoots;
    this.#mean = new Float64Array(states);
    this.#sources = new Matrix(0, 3 * states);
    this.#array = new Matrix(1, states);
    this.#work = new Float64Array(0);
  }

  /** @param unseen how many directions not even the later readings see. */
  at(
    { before, widening }: Departure,
    transition: Transition | undefined,
    later: LaterReadings,
    unseen: number,
  ): void {
    const { root } = before;
    const noise = transition && this.#noiseRoots.of(transition.noise);
    const unknown = this.#seenPart(before.diffuse, transition, later, unseen);
    const proper = root.columns + (noise?.columns ?? 0) + (widening?.columns ?? 0);
    this.#begin(proper + (unknown?.columns ?? 0));
    this.#place(root, transition, "before");
    if (noise !== undefined) this.#place(noise, undefined, "noise");
    if (widening !== undefined) this.#place(widening, undefined, "jump");
    if (unknown !== undefined) this.#place(unknown, transition, "before");
    this.#move(before.mean, transition);
    this.#solve(proper, later);
  }

  /** x given everything. */
  state(): Gaussian {
    const mean = this.#shift(0);
    for (let state = 0; state < mean.length; state++)
      mean[state] = (mean[state] as number) + (this.#mean[state] as number);
    return { mean, covariance: this.#cross(0, 0) };
  }

  /** Cov(x, x before), n × n. */
  lagOne(): Matrix {
    return this.#cross(0, this.#states);
  }

  /** w of the transition. */
  stateNoise(): Gaussian {
    const from = 2 * this.#states;
    return { mean: this.#shift(from), covariance: this.#cross(from, from) };
  }

  /** Room for so many sources, empty. */
  #begin(count: number): void {
    const states = this.#states;
    this.#placed = 0;
    if (count !== this.#sources.rows) {
      this.#sources = new Matrix(count, 3 * states);
      this.#array = new Matrix(count + 1, count + states);
      this.#work = new Float64Array(2 * (count + states));
    } else {
      this.#sources.data.fill(0);
      this.#array.data.fill(0);
    }
  }

  /** Columns that carried the state before through the transition, or that came in on the way. */
  #place(loadings: Matrix, through: Transition | undefined, as: "before" | "noise" | "jump"): void {
    const states = this.#states;
    const sources = this.#sources;
    const kept = as === "before" ? states : 2 * states;
    for (let column = 0; column < loadings.columns; column++) {
      const source = this.#placed++;
      for (let state = 0; state < states; state++) {
        const loading = loadings.get(state, column);
        if (loading === 0) continue;
        if (as !== "jump") sources.set(source, kept + state, loading);
        if (through === undefined) sources.set(source, state, loading);
        else
          for (let row = 0; row < states; row++)
            sources.add(source, row, through.matrix.get(row, state) * loading);
      }
    }
  }

  #move(mean: Float64Array, transition: Transition | undefined): void {
    if (transition === undefined) {
      this.#mean.set(mean);
      return;
    }
    const { matrix, drift } = transition;
    for (let row = 0; row < mean.length; row++) {
      let sum = drift === undefined ? 0 : (drift[row] as number);
      for (let state = 0; state < mean.length; state++)
        sum += matrix.get(row, state) * (mean[state] as number);
      this.#mean[row] = sum;
    }
  }

  #solve(proper: number, later: LaterReadings): void {
    const count = this.#sources.rows;
    const array = this.#array;
    for (let source = 0; source < proper; source++) array.set(source, source, 1);
    later.see(this.#sources, count, array, 0, count);
    for (let row = 0; row < this.#states; row++)
      array.set(count, count + row, later.residual(this.#mean, row));
    triangularise(array, this.#work);
    solveLowerInPlace(array, this.#sources, count);
  }

  /** Σ over sources of what a block's loading makes of g. */
  #shift(from: number): Float64Array {
    const result = new Float64Array(this.#states);
    const count = this.#sources.rows;
    for (let source = 0; source < count; source++) {
      const g = this.#array.get(count, source);
      for (let state = 0; state < result.length; state++)
        result[state] = (result[state] as number) + g * this.#sources.get(source, from + state);
    }
    return result;
  }

  #cross(first: number, second: number): Matrix {
    const states = this.#states;
    const sources = this.#sources;
    const result = new Matrix(states, states);
    for (let source = 0; source < sources.rows; source++)
      for (let row = 0; row < states; row++) {
        const share = sources.get(source, first + row);
        if (share === 0) continue;
        for (let column = 0; column < states; column++)
          result.add(row, column, share * sources.get(source, second + column));
      }
    return result;
  }

  /** Turns δ so that what no reading sees comes last, and leaves that out, for `unseen`. */
  #seenPart(
    unknown: Matrix | undefined,
    transition: Transition | undefined,
    later: LaterReadings,
    unseen: number,
  ): Matrix | undefined {
    this.unseen = undefined;
    if (unknown === undefined || unseen === 0) return unknown;
    const now = transition ? multiply(transition.matrix, unknown) : unknown;
    const seen = new Matrix(unknown.columns, this.#states);
    later.see(now.transpose(), unknown.columns, seen, 0, 0);
    const { right } = svd(seen.transpose());
    const hidden = multiply(now, columns(right, right.columns - unseen, right.columns));
    this.unseen = multiply(hidden, hidden.transpose());
    return multiply(unknown, columns(right, 0, right.columns - unseen));
  }
}

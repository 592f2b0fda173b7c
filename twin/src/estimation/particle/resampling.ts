import { checkedChoice } from "../../choice.ts";
import type { Dice } from "../../random/dice.ts";

/**
 * Draws ancestors, ascending, for normalised weights W: E[number of copies of i] = M W_i for M = `ancestors.length`,
 * whatever the scheme; a particle of weight 0 is never drawn. O(N + M), no allocation but where said.
 *
 * Variance of the copies: multinomial ≥ residual and stratified; systematic is the smallest in practice (a count is M W_i
 * rounded up or down), though it may depend on the order of the particles.
 * @see Douc, Cappé & Moulines (2005), Proc. ISPA, "Comparison of resampling schemes for particle filtering".
 */
export type Resampling = (weights: Float64Array, dice: Dice, ancestors: Int32Array) => void;

/** One uniform number, M equidistant points. @see Carpenter, Clifford & Fearnhead (1999), IEE Proc. 146(1). */
export const systematic: Resampling = (weights, dice, ancestors) => {
  const offset = dice.uniform();
  const count = ancestors.length;
  const walk = new Walk(weights);
  for (let index = 0; index < count; index++) ancestors[index] = walk.to((index + offset) / count);
};

/** One uniform number in each of M equal strata. @see Kitagawa (1996), J. Comput. Graph. Stat. 5(1). */
export const stratified: Resampling = (weights, dice, ancestors) => {
  const count = ancestors.length;
  const walk = new Walk(weights);
  for (let index = 0; index < count; index++) ancestors[index] = walk.to((index + dice.uniform()) / count);
};

/** M independent draws, their order statistics made from exponential spacings: no sort. */
export const multinomial: Resampling = (weights, dice, ancestors) => {
  drawSorted(weights, dice, ancestors, 0);
};

/**
 * ⌊M W_i⌋ copies of each, the rest multinomial from what the floors left. Allocates N doubles.
 * @see Liu & Chen (1998), J. Am. Stat. Assoc. 93, §3.
 */
export const residual: Resampling = (weights, dice, ancestors) => {
  const count = ancestors.length;
  const rest = new Float64Array(weights.length);
  let filled = 0;
  for (let particle = 0; particle < weights.length; particle++) {
    const expected = count * (weights[particle] as number);
    const copies = Math.min(Math.floor(expected), count - filled);
    for (let copy = 0; copy < copies; copy++) ancestors[filled++] = particle;
    rest[particle] = Math.max(0, expected - copies);
  }
  if (filled === count) return;
  let total = 0;
  for (const value of rest) total += value;
  // Round-off may leave nothing of weights that are multiples of 1/M: then the weights themselves are as good.
  const shares = total > 0 ? rest.map((value) => value / total) : weights;
  drawSorted(shares, dice, ancestors, filled);
  ancestors.sort();
};

export type ResamplingName = "systematic" | "stratified" | "multinomial" | "residual";

const NAMED: Readonly<Record<ResamplingName, Resampling>> = { systematic, stratified, multinomial, residual };

/** @throws {TwinError} BAD_OPTION for a name that is none. */
export const resamplingOf = (given: Resampling | ResamplingName): Resampling =>
  typeof given === "function"
    ? given
    : NAMED[checkedChoice(given, Object.keys(NAMED) as ResamplingName[], "the resampling")];

function drawSorted(weights: Float64Array, dice: Dice, ancestors: Int32Array, first: number): void {
  const count = ancestors.length - first;
  const walk = new Walk(weights);
  let left = 1;
  for (let index = 0; index < count; index++) {
    // The smallest of k uniform numbers above u: 1 − (1 − u) U^(1/k).
    left *= dice.uniform() ** (1 / (count - index));
    ancestors[first + index] = walk.to(1 - left);
  }
}

/** Inverse of the cumulative weights for points that never fall. */
class Walk {
  readonly #weights: Float64Array;
  readonly #last: number;
  #particle = 0;
  #cumulative: number;

  constructor(weights: Float64Array) {
    this.#weights = weights;
    this.#cumulative = weights[0] as number;
    let last = weights.length - 1;
    while (last > 0 && weights[last] === 0) last--;
    this.#last = last;
  }

  /** The particle whose stretch of [0, 1) holds `point`; round-off at the end goes to the last one with weight. */
  to(point: number): number {
    while (this.#particle < this.#last && point >= this.#cumulative) {
      this.#particle++;
      this.#cumulative += this.#weights[this.#particle] as number;
    }
    return this.#particle;
  }
}

import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { zeroRows } from "../ensemble/rows.ts";
import { type Normalised, normaliseLogWeights } from "./log-weights.ts";

/**
 * N weighted particles of n states, state by state: a row holds one state of all particles, so that moments, quantiles
 * and copies run along memory.
 */
export class ParticleCloud {
  readonly count: number;
  readonly states: readonly Float64Array[];
  /** ln W_i; −∞ for a particle that is impossible or was lost. */
  readonly logWeights: Float64Array;
  /** W_i = exp(ln W_i), as of the last `normalise` or `level`. */
  readonly weights: Float64Array;

  constructor(count: number, states: number) {
    this.count = count;
    this.states = zeroRows(states, count);
    this.logWeights = new Float64Array(count);
    this.weights = new Float64Array(count);
    this.level();
  }

  /** Equal weights. */
  level(): void {
    this.logWeights.fill(-Math.log(this.count));
    this.weights.fill(1 / this.count);
  }

  normalise(): Normalised {
    return normaliseLogWeights(this.logWeights, this.weights);
  }

  /** 1/Σ W_i². */
  effectiveSize(): number {
    let squares = 0;
    for (let index = 0; index < this.count; index++) squares += (this.weights[index] as number) ** 2;
    return 1 / squares;
  }

  read(particle: number, out: Float64Array): void {
    for (let state = 0; state < out.length; state++)
      out[state] = (this.states[state] as Float64Array)[particle] as number;
  }

  write(particle: number, source: Float64Array): void {
    for (let state = 0; state < source.length; state++)
      (this.states[state] as Float64Array)[particle] = source[state] as number;
  }

  setFrom(other: ParticleCloud): void {
    this.states.forEach((row, state) => {
      row.set(other.states[state] as Float64Array);
    });
    this.logWeights.set(other.logWeights);
    this.weights.set(other.weights);
  }

  mean(): Float64Array {
    return weightedMean(this.states, this.weights);
  }

  /** Σ W_i (x_i − x̄)(x_i − x̄)ᵀ. */
  covariance(): Matrix {
    return weightedCovariance(this.states, this.weights);
  }

  /**
   * The smallest value of a state with at least this much weight at or below it.
   * @throws {TwinError} BAD_OPTION for a probability outside [0, 1] or a state that does not exist.
   */
  quantile(state: number, probability: number): number {
    const values = this.states[state];
    if (values === undefined || !(probability >= 0 && probability <= 1))
      throw new TwinError(
        "BAD_OPTION",
        `the quantile ${probability} of state ${state} was asked for`,
        `expected a probability in [0, 1] and a state from 0 to ${this.states.length - 1}`,
      );
    const order = Uint32Array.from({ length: this.count }, (_, index) => index).sort(
      (left, right) => (values[left] as number) - (values[right] as number),
    );
    let below = 0;
    let found = Number.NaN;
    for (const particle of order) {
      const weight = this.weights[particle] as number;
      if (weight === 0) continue;
      below += weight;
      found = values[particle] as number;
      // The sum of N weights is 1 to N ulps only.
      if (below >= probability - this.count * Number.EPSILON) break;
    }
    return found;
  }
}

/** Σ W_i x_i, for values by rows of N. */
export function weightedMean(rows: readonly Float64Array[], weights: Float64Array): Float64Array {
  return Float64Array.from(rows, (row) => {
    let sum = 0;
    let total = 0;
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index] as number;
      total += weight;
      if (weight > 0) sum += weight * (row[index] as number);
    }
    return sum / total;
  });
}

export function weightedCovariance(rows: readonly Float64Array[], weights: Float64Array): Matrix {
  const mean = weightedMean(rows, weights);
  const result = new Matrix(rows.length, rows.length);
  let total = 0;
  for (const weight of weights) total += weight;
  for (let one = 0; one < rows.length; one++) {
    for (let other = 0; other <= one; other++) {
      const covariance = crossMoment(rows, mean, weights, one, other) / total;
      result.set(one, other, covariance);
      result.set(other, one, covariance);
    }
  }
  return result;
}

function crossMoment(
  rows: readonly Float64Array[],
  mean: Float64Array,
  weights: Float64Array,
  one: number,
  other: number,
): number {
  const left = rows[one] as Float64Array;
  const right = rows[other] as Float64Array;
  const leftMean = mean[one] as number;
  const rightMean = mean[other] as number;
  let sum = 0;
  for (let index = 0; index < weights.length; index++) {
    const weight = weights[index] as number;
    if (weight > 0)
      sum += weight * ((left[index] as number) - leftMean) * ((right[index] as number) - rightMean);
  }
  return sum;
}

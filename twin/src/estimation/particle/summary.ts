import { cholesky } from "../../linear-algebra/cholesky.ts";
import { dot, Matrix } from "../../linear-algebra/matrix.ts";
import { solveLower } from "../../linear-algebra/triangular.ts";
import { zeroRows } from "../ensemble/rows.ts";
import { circularMean, nearestImage, type Periods } from "../nonlinear/circles.ts";
import { type ParticleCloud, weightedCovariance, weightedMean } from "./cloud.ts";
import type { ParticleSystem } from "./particle-system.ts";

/**
 * NIS and innovation of a reading before it is used, from the weighted moments of E[y | x]:
 *
 *     ȳ = Σ W_i E[y | x_i],   S = Σ W_i (E[y | x_i] − ȳ)(…)ᵀ + R,   NIS = (y − ȳ)ᵀ S⁻¹ (y − ȳ)
 */
export class GaussianSummary {
  readonly #expect: NonNullable<ParticleSystem["summary"]>["expect"];
  readonly #noise: Matrix;
  readonly #periods: Periods | undefined;
  readonly #rows: readonly Float64Array[];
  readonly #weights: Float64Array;

  constructor(summary: NonNullable<ParticleSystem["summary"]>, outputs: number, count: number) {
    this.#expect = summary.expect.bind(summary);
    this.#noise = summary.noise.copy();
    this.#periods = summary.periods;
    this.#rows = zeroRows(outputs, count);
    this.#weights = new Float64Array(count);
  }

  /** Writes y − ȳ into `innovation` and returns the NIS. A particle that cannot be observed is left out; NaN when all are. */
  of(cloud: ParticleCloud, reading: Float64Array, at: number, innovation: Float64Array): number {
    const present = Array.from(reading.keys()).filter((output) => !Number.isNaN(reading[output]));
    const state = new Float64Array(cloud.states.length);
    const expected = new Float64Array(reading.length);
    for (let particle = 0; particle < cloud.count; particle++) {
      const weight = cloud.weights[particle] as number;
      this.#weights[particle] = 0;
      if (weight === 0) continue;
      cloud.read(particle, state);
      if (!this.#observe(state, at, expected, present)) continue;
      this.#weights[particle] = weight;
      for (let output = 0; output < expected.length; output++)
        (this.#rows[output] as Float64Array)[particle] = expected[output] as number;
    }
    const rows = present.map((output) => this.#rows[output] as Float64Array);
    for (const output of present) this.#gather(output);
    const mean = weightedMean(rows, this.#weights);
    const total = weightedCovariance(rows, this.#weights);
    present.forEach((output, row) => {
      innovation[output] = this.#nearest(output, reading, mean[row] as number) - (mean[row] as number);
      present.forEach((other, column) => {
        total.add(row, column, this.#noise.get(output, other));
      });
    });
    if (total.data.some(Number.isNaN)) return Number.NaN;
    const departures = Float64Array.from(present, (output) => innovation[output] as number);
    const whitened = solveLower(cholesky(total), new Matrix(present.length, 1, departures));
    return dot(whitened.data, whitened.data);
  }

  /** Takes the particles' angles to the images nearest to their circular mean. */
  #gather(output: number): void {
    const period = this.#periods?.[output];
    if (period === undefined) return;
    const row = this.#rows[output] as Float64Array;
    const middle = circularMean(row, period, this.#weights);
    for (let particle = 0; particle < row.length; particle++)
      row[particle] = nearestImage(row[particle] as number, middle, period);
  }

  #nearest(output: number, reading: Float64Array, around: number): number {
    const period = this.#periods?.[output];
    const value = reading[output] as number;
    return period === undefined ? value : nearestImage(value, around, period);
  }

  #observe(state: Float64Array, at: number, out: Float64Array, present: readonly number[]): boolean {
    out.fill(Number.NaN);
    try {
      this.#expect(state, at, out);
      return present.every((output) => Number.isFinite(out[output]));
    } catch {
      return false;
    }
  }
}

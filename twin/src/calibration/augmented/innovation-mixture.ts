import type { Assimilation } from "../../estimation/nonlinear/filter.ts";
import { entry } from "../../linear-algebra/matrix.ts";

/** The innovation against E[y] = Σ W_i E[y | θ_i], and the mean of the NIS. */
export class InnovationMixture {
  readonly #innovation: Float64Array;
  size = 0;
  #nis = 0;
  #weight = 0;

  constructor(outputs: number) {
    this.#innovation = new Float64Array(outputs);
  }

  add(weight: number, { innovation, nis, size }: Assimilation): void {
    this.size = size;
    this.#weight += weight;
    this.#nis += weight * nis;
    for (let index = 0; index < innovation.length; index++)
      this.#innovation[index] = entry(this.#innovation, index) + weight * entry(innovation, index);
  }

  assimilation(logLikelihood: number): Assimilation {
    const scale = this.#weight > 0 ? 1 / this.#weight : Number.NaN;
    return {
      logLikelihood,
      nis: this.size === 0 ? 0 : this.#nis * scale,
      size: this.size,
      innovation: this.#innovation.map((value) => value * scale),
    };
  }
}

import type { EnsembleAnalysis } from "./analysis.ts";
import type { Deviations } from "./deviations.ts";
import type { Localisation } from "./localisation.ts";
import type { ObservedEnsemble } from "./observed.ts";
import { inner, transposeInto, zeroRows } from "./rows.ts";
import { Spectrum } from "./spectrum.ts";

/**
 * The local ensemble transform filter: each state has its own symmetric square-root transform, from the readings near it,
 * the precision of each multiplied by the taper of its distance (R-localisation). Neighbours share most readings and so
 * get nearly the same transform: the fields stay smooth although N may be far below n.
 *
 * Costs n eigenproblems of min(N, p) with p the number of readings within reach. Needs R diagonal.
 * @see Hunt, Kostelich & Szunyogh (2007), Physica D 230, §§3–4.
 */
export const localTransform = (localisation: Localisation): EnsembleAnalysis => {
  const spectrum = new Spectrum();
  return {
    name: "local square-root transform (LETKF)",
    needsUncorrelatedNoise: true,
    analyse({ mean, anomalies }: Deviations, observed: ObservedEnsemble): void {
      const count = anomalies.length;
      const scale = 1 / Math.sqrt(count - 1);
      const weights = new Float64Array(count);
      const column = new Float64Array(count);
      const local = new LocalReading(observed);
      for (let state = 0; state < mean.length; state++) {
        if (!local.select(state, localisation)) continue;
        spectrum.decompose(local.anomalies, local.columns, local.innovation);
        spectrum.weights(weights);
        for (let member = 0; member < count; member++)
          column[member] = (anomalies[member] as Float64Array)[state] as number;
        mean[state] = (mean[state] as number) + scale * inner(column, weights, count);
        spectrum.transformState(column);
        for (let member = 0; member < count; member++)
          (anomalies[member] as Float64Array)[state] = column[member] as number;
      }
    },
  };
};

/** The readings near one state, S and d scaled by √taper. */
class LocalReading {
  anomalies: Float64Array[] = [];
  columns: Float64Array[] = [];
  innovation: Float64Array = new Float64Array(0);
  readonly #observed: ObservedEnsemble;
  readonly #places: number[] = [];
  readonly #roots: number[] = [];

  constructor(observed: ObservedEnsemble) {
    this.#observed = observed;
  }

  /** Whether any reading is near enough. */
  select(state: number, localisation: Localisation): boolean {
    const { present, anomalies, innovation } = this.#observed;
    this.#places.length = 0;
    this.#roots.length = 0;
    present.forEach((output, place) => {
      const coefficient = localisation.ofState(state, output);
      if (coefficient === 0) return;
      this.#places.push(place);
      this.#roots.push(Math.sqrt(coefficient));
    });
    const size = this.#places.length;
    if (size === 0) return false;
    if (this.innovation.length !== size) {
      this.innovation = new Float64Array(size);
      this.anomalies = zeroRows(anomalies.length, size);
      this.columns = zeroRows(size, anomalies.length);
    }
    for (let index = 0; index < size; index++)
      this.innovation[index] =
        (this.#roots[index] as number) * (innovation[this.#places[index] as number] as number);
    for (let member = 0; member < anomalies.length; member++) {
      const source = anomalies[member] as Float64Array;
      const target = this.anomalies[member] as Float64Array;
      for (let index = 0; index < size; index++)
        target[index] = (this.#roots[index] as number) * (source[this.#places[index] as number] as number);
    }
    transposeInto(this.columns, this.anomalies, size);
    return true;
  }
}

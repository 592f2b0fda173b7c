import type { Dice } from "../../random/dice.ts";
import type { EnsembleAnalysis } from "./analysis.ts";
import type { Deviations } from "./deviations.ts";
import { ensembleGain } from "./gain.ts";
import type { Localisation } from "./localisation.ts";
import type { ObservedEnsemble } from "./observed.ts";
import { addScaled, centre, zeroRows } from "./rows.ts";

export interface GainOptions {
  /** Tapers the sample covariances by distance (Schur product); needs R diagonal. Default: none. */
  readonly localisation?: Localisation;
}

/**
 * The stochastic ensemble filter: each member is updated with its own perturbed reading,
 *
 *     x_i ← x_i + K (y + v_i − h(x_i)),   v_i ~ N(0, R)
 *
 * The perturbations are centred, so that the mean follows Bayes' rule exactly, and rescaled by √(N/(N − 1)), so that
 * their covariance is R in expectation. Members stay exchangeable, also far from Gaussian; the price is sampling noise in
 * the covariance of the order of R/√N.
 * @see Burgers, van Leeuwen & Evensen (1998), Mon. Weather Rev. 126; Evensen (2003), Ocean Dynamics 53, §4.
 */
export const perturbedObservations = (options: GainOptions = {}): EnsembleAnalysis => ({
  name: "perturbed observations",
  needsUncorrelatedNoise: options.localisation !== undefined,
  analyse(prior: Deviations, observed: ObservedEnsemble, dice: Dice): void {
    const { mean, anomalies } = prior;
    const outputs = observed.innovation.length;
    const gain = ensembleGain(prior, observed, options.localisation);
    const departures = whitePerturbations(anomalies.length, outputs, dice);
    const root = Math.sqrt(anomalies.length - 1);
    gain.add(mean, observed.innovation);
    anomalies.forEach((anomaly, member) => {
      const departure = departures[member] as Float64Array;
      addScaled(departure, -root, observed.anomalies[member] as Float64Array, outputs);
      gain.add(anomaly, departure);
    });
  },
});

/**
 * The deterministic ensemble filter: the anomalies are updated with half the gain and no perturbation,
 *
 *     X ← X − ½ K (h-anomalies):   P⁺ = (I − KH)P + ¼ KHPHᵀKᵀ
 *
 * Its covariance is too large by the quadratic term: small where a reading says little, a built-in inflation elsewhere.
 * @see Sakov & Oke (2008), Tellus A 60.
 */
export const halfGain = (options: GainOptions = {}): EnsembleAnalysis => ({
  name: "half gain (DEnKF)",
  needsUncorrelatedNoise: options.localisation !== undefined,
  analyse(prior: Deviations, observed: ObservedEnsemble): void {
    const { mean, anomalies } = prior;
    const gain = ensembleGain(prior, observed, options.localisation);
    const half = -0.5 * Math.sqrt(anomalies.length - 1);
    const departure = new Float64Array(observed.innovation.length);
    gain.add(mean, observed.innovation);
    anomalies.forEach((anomaly, member) => {
      departure.fill(0);
      addScaled(departure, half, observed.anomalies[member] as Float64Array, departure.length);
      gain.add(anomaly, departure);
    });
  },
});

/** N rows of p numbers from N(0, 1), centred over the rows and rescaled by √(N/(N − 1)). */
export function whitePerturbations(count: number, length: number, dice: Dice): Float64Array[] {
  const scale = Math.sqrt(count / (count - 1));
  const rows = zeroRows(count, length);
  for (const row of rows) for (let index = 0; index < length; index++) row[index] = scale * dice.normal();
  centre(rows, new Float64Array(length));
  return rows;
}

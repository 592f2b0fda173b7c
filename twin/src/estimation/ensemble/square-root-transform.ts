import type { EnsembleAnalysis } from "./analysis.ts";
import type { Deviations } from "./deviations.ts";
import type { ObservedEnsemble } from "./observed.ts";
import { addCombination } from "./rows.ts";
import { Spectrum } from "./spectrum.ts";

/**
 * The ensemble transform filter with the symmetric square root: mean and sample covariance follow Bayes' rule exactly,
 * without dice, and of all transforms that do, the members move least.
 *
 *     x̄ ← x̄ + Xᵀ w/√(N − 1),   X ← (I + SSᵀ)^(−½) X
 *
 * With nonlinear models N ≲ n needs inflation, and rotation keeps single members from carrying all the skewness.
 * @see Bishop, Etherton & Majumdar (2001), Mon. Weather Rev. 129; Hunt, Kostelich & Szunyogh (2007), Physica D 230, §2.
 */
export const squareRootTransform = (): EnsembleAnalysis => {
  const spectrum = new Spectrum();
  return {
    name: "square-root transform (ETKF)",
    analyse(prior: Deviations, observed: ObservedEnsemble): void {
      spectrum.decompose(observed.anomalies, observed.columns, observed.innovation);
      applySpectrum(spectrum, prior);
    },
  };
};

/** Moves mean and anomalies by what the spectrum says, its inflation included. */
export function applySpectrum(spectrum: Spectrum, { mean, anomalies }: Deviations): void {
  const count = anomalies.length;
  const weights = new Float64Array(count);
  const scale = 1 / Math.sqrt(count - 1);
  spectrum.weights(weights);
  for (let member = 0; member < count; member++) weights[member] = scale * (weights[member] as number);
  addCombination(mean, weights, anomalies, mean.length);
  spectrum.transform(anomalies);
}

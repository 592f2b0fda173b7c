import type { Deviations } from "./deviations.ts";
import { FactoredRows } from "./factored-rows.ts";
import type { Localisation } from "./localisation.ts";
import type { ObservedEnsemble } from "./observed.ts";
import { addCombination, gramInto, inner, zeroRows } from "./rows.ts";

/** K d for whitened departures d of p; the ensemble that the gain was made from may change meanwhile. */
export interface EnsembleGain {
  /** target ← target + K departure, n. */
  add(target: Float64Array, departure: Float64Array): void;
}

/**
 * The Kalman gain of an ensemble, K = XᵀS(I + SᵀS)⁻¹/√(N − 1); with localisation
 *
 *     K = (ρ_xy ∘ XᵀS)(I + ρ_yy ∘ SᵀS)⁻¹/√(N − 1)
 *
 * by the entrywise (Schur) product, which gives correlations a rank that N − 1 anomalies do not have.
 * @see Houtekamer & Mitchell (2001), Mon. Weather Rev. 129, eq. 6.
 */
export function ensembleGain(
  prior: Deviations,
  observed: ObservedEnsemble,
  localisation?: Localisation,
): EnsembleGain {
  const states = prior.mean.length;
  const { factor } = observed;
  if (localisation) {
    const rows = crossRows(prior, observed);
    localisedFactor(rows, observed, localisation).solveRows(rows, states);
    return byReadings(rows, prior.anomalies.length);
  }
  if (!factor.inMembers) {
    const rows = crossRows(prior, observed);
    factor.solveRows(rows, states);
    return byReadings(rows, prior.anomalies.length);
  }
  const rows = prior.anomalies.map((anomaly) => anomaly.slice());
  factor.solveRows(rows, states);
  return byMembers(rows, observed.anomalies);
}

/** Tapers the cross-covariances in place and factors the tapered innovation covariance. */
function localisedFactor(
  cross: readonly Float64Array[],
  { present, columns, anomalies }: ObservedEnsemble,
  localisation: Localisation,
): FactoredRows {
  const gram = zeroRows(present.length, present.length);
  gramInto(gram, columns, anomalies.length);
  gram.forEach((row, place) => {
    const one = present[place] as number;
    present.forEach((output, other) => {
      row[other] = (row[other] as number) * localisation.ofOutputs(one, output);
    });
    row[place] = (row[place] as number) + 1;
    const correlated = cross[place] as Float64Array;
    for (let state = 0; state < correlated.length; state++)
      correlated[state] = (correlated[state] as number) * localisation.ofState(state, one);
  });
  return new FactoredRows(gram);
}

/** XᵀS by its p columns, each of n. */
function crossRows({ mean, anomalies }: Deviations, { columns }: ObservedEnsemble): Float64Array[] {
  const rows = zeroRows(columns.length, mean.length);
  for (let place = 0; place < columns.length; place++)
    addCombination(rows[place] as Float64Array, columns[place] as Float64Array, anomalies, mean.length);
  return rows;
}

function byReadings(rows: readonly Float64Array[], members: number): EnsembleGain {
  const unit = 1 / Math.sqrt(members - 1);
  const weights = new Float64Array(rows.length);
  return {
    add(target, departure): void {
      for (let index = 0; index < weights.length; index++)
        weights[index] = unit * (departure[index] as number);
      addCombination(target, weights, rows, target.length);
    },
  };
}

function byMembers(rows: readonly Float64Array[], observed: readonly Float64Array[]): EnsembleGain {
  const unit = 1 / Math.sqrt(rows.length - 1);
  const weights = new Float64Array(rows.length);
  return {
    add(target, departure): void {
      for (let member = 0; member < rows.length; member++)
        weights[member] = unit * inner(observed[member] as Float64Array, departure, departure.length);
      addCombination(target, weights, rows, target.length);
    },
  };
}

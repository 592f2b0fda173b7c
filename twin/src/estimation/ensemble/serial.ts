import type { Dice } from "../../random/dice.ts";
import type { EnsembleAnalysis } from "./analysis.ts";
import type { Deviations } from "./deviations.ts";
import type { Localisation } from "./localisation.ts";
import type { ObservedEnsemble } from "./observed.ts";
import { whitePerturbations } from "./perturbed-observations.ts";
import { addCombination, addScaled, inner } from "./rows.ts";

export interface SerialOptions {
  /** `"random"`: a new order for every reading, so that no sensor is always first. Default `"given"`. */
  readonly order?: "given" | "random";
  /** Tapers each regression by the distance from the reading; needs R diagonal. Default: none. */
  readonly localisation?: Localisation;
}

/**
 * One scalar reading after the other, each with a square-root update of the member's own value of that reading, regressed
 * onto everything else (ensemble square-root filter, or ensemble adjustment filter: the same ensemble for scalars):
 *
 *     v = sᵀs,   g = Xᵀs/(1 + v),   x̄ ← x̄ + g d/√(N − 1),   X ← X − α s gᵀ,   α = 1/(1 + √(1/(1 + v)))
 *
 * with s one column of S. The remaining readings are updated alongside the states, so that h is evaluated once. No
 * factor, no eigenvalues: O(N(n + p)) a reading. Without localisation mean and covariance are those of the batch; the
 * members are others.
 * @see Whitaker & Hamill (2002), Mon. Weather Rev. 130, §2; Anderson (2003), ibid. 131.
 */
export const serialSquareRoot = (options: SerialOptions = {}): EnsembleAnalysis => ({
  name: "serial square root (ESRF, EAKF)",
  needsUncorrelatedNoise: options.localisation !== undefined,
  analyse(prior: Deviations, observed: ObservedEnsemble, dice: Dice): void {
    assimilateInTurn(prior, observed, options, dice, (values, variance) => {
      const share = 1 / (1 + Math.sqrt(1 / (1 + variance)));
      for (let member = 0; member < values.length; member++)
        values[member] = -share * (values[member] as number);
    });
  },
});

/** One scalar reading after the other, each with perturbed observations (centred and rescaled). */
export const serialPerturbed = (options: SerialOptions = {}): EnsembleAnalysis => ({
  name: "serial perturbed observations",
  needsUncorrelatedNoise: options.localisation !== undefined,
  analyse(prior: Deviations, observed: ObservedEnsemble, dice: Dice): void {
    assimilateInTurn(prior, observed, options, dice, (values) => {
      const scale = 1 / Math.sqrt(values.length - 1);
      const noise = whitePerturbations(values.length, 1, dice);
      for (let member = 0; member < values.length; member++)
        values[member] = scale * (noise[member]?.[0] as number) - (values[member] as number);
    });
  },
});

/** Turns s, the members' normalised departures from the reading's prior mean, into their steps along the gain g. */
type Step = (values: Float64Array, variance: number) => void;

function assimilateInTurn(
  { mean, anomalies }: Deviations,
  observed: ObservedEnsemble,
  options: SerialOptions,
  dice: Dice,
  step: Step,
): void {
  const count = anomalies.length;
  const outputs = observed.present.length;
  // Readings by columns of S: whole, for one update of a column takes another column.
  const columns = observed.columns.map((column) => column.slice());
  const innovation = observed.innovation.slice();
  const gain = new Float64Array(mean.length);
  const values = new Float64Array(count);
  const root = Math.sqrt(count - 1);
  for (const place of orderOf(outputs, options.order ?? "given", dice)) {
    const own = columns[place] as Float64Array;
    const output = observed.present[place] as number;
    const variance = inner(own, own, count);
    if (variance === 0) continue;
    gain.fill(0);
    addCombination(gain, own, anomalies, mean.length);
    for (let state = 0; state < mean.length; state++)
      gain[state] =
        ((gain[state] as number) * (options.localisation?.ofState(state, output) ?? 1)) / (1 + variance);
    const departure = innovation[place] as number;
    values.set(own);
    step(values, variance);
    addScaled(mean, departure / root, gain, mean.length);
    for (let member = 0; member < count; member++)
      addScaled(anomalies[member] as Float64Array, values[member] as number, gain, mean.length);
    const before = own.slice();
    for (let other = 0; other < outputs; other++) {
      const column = columns[other] as Float64Array;
      const taper = options.localisation?.ofOutputs(observed.present[other] as number, output) ?? 1;
      if (taper === 0) continue;
      const slope = (taper * inner(column, before, count)) / (1 + variance);
      innovation[other] = (innovation[other] as number) - slope * departure;
      addScaled(column, slope, values, count);
    }
  }
}

function orderOf(count: number, order: "given" | "random", dice: Dice): number[] {
  const places = Array.from({ length: count }, (_, index) => index);
  if (order === "given") return places;
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(dice.uniform() * (last + 1));
    const kept = places[last] as number;
    places[last] = places[other] as number;
    places[other] = kept;
  }
  return places;
}

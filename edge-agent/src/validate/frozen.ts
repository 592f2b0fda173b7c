import type { SignalDefinition } from "@plumbline/twin/definition/twin-definition";
import type { Mark } from "./predicates.ts";
import type { SignalHistory } from "./signal-history.ts";

/** Probability that a healthy signal shows one such run: once in 10¹² readings. */
const FALSE_MARK = 1e-12;
/** A run longer than this is needed: the signal's resolution tells too little, and it is never called frozen. */
const UNDECIDABLE = 64;
/** Share of changing readings below which a signal is too quiet to be called frozen. */
const LIVELY = 0.5;

/**
 * A signal that stopped moving: more equal readings in a row than its noise allows.
 *
 *     P(n equal readings) ≤ p₀ⁿ⁻¹,   p₀ = P(|noise| < step/2) = 2Φ(step / 2σ) − 1
 *
 * `step` is the larger of the declared resolution and the smallest step that the sensor was ever seen to take, so that a
 * coarse but healthy sensor is not accused. Nor is one that was quiet before (a noise-free source), nor a machine at rest.
 * UNCERTAIN when the run is that long, BAD when it is twice as long.
 */
export function frozen(value: number, signal: SignalDefinition, history: SignalHistory): Mark {
  if (history.value !== value || history.activity < LIVELY || history.step === 0) return undefined;
  if (Math.abs(value) <= 6 * signal.noise + 6 * signal.bias) return undefined;
  const needed = runNeeded(Math.max(signal.resolution, history.step), signal.noise);
  const run = history.run + 1;
  if (needed > UNDECIDABLE || run < needed) return undefined;
  return { quality: run >= 2 * needed ? "BAD" : "UNCERTAIN", reason: "frozen" };
}

/** Equal readings in a row that a healthy signal shows with probability {@link FALSE_MARK}. */
export function runNeeded(step: number, noise: number): number {
  const same = 2 * normalCdf(step / (2 * noise)) - 1;
  return same >= 1 ? Number.POSITIVE_INFINITY : 1 + Math.ceil(Math.log(FALSE_MARK) / Math.log(same));
}

/** Φ to 7.5e-8 (Abramowitz and Stegun 26.2.17), x ≥ 0. */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const tail =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)) * tail;
}

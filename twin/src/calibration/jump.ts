import type { Gaussian } from "../estimation/gaussian.ts";
import type { Updated } from "../estimation/gaussian-filter.ts";
import { chiSquaredInverseSurvival } from "../probability/chi-squared.ts";
import type { Bounds } from "./soft-clamp.ts";

/** A row that wear alone explains less often than this asks for another explanation. */
const SURPRISE = 1e-6;
/** ln of the prior probability that the parameters jump between two rows: an unlogged repair, a part that breaks. */
export const RARE: number = Math.log(1e-4);
/** Standard deviation of a jump, as a share of the parameter's range. */
const REACH = 0.05;

/** Whether the likeliest explanation by wear is still too improbable to be the only one. */
export function isSurprising(updates: readonly Updated[]): boolean {
  const best = updates.reduce<Updated | undefined>(
    (found, one) => (found === undefined || one.logWeight > found.logWeight ? one : found),
    undefined,
  );
  return best !== undefined && best.nis > gateOf(best.size);
}

/** Per number of readings, kept: every row asks. */
const gates = new Map<number, number>();
function gateOf(size: number): number {
  const gate = gates.get(size) ?? chiSquaredInverseSurvival(SURPRISE, size);
  gates.set(size, gate);
  return gate;
}

/**
 * The belief just after a jump of unknown size: heavy-tailed process noise as a second component,
 *
 *     w ~ (1 − ε) N(0, q² Δt) + ε N(0, q² Δt + J²)
 *
 * evaluated only for rows that the first component cannot explain. Without it a random walk follows a replaced bearing
 * over several rows, each of them at odds with its own bands; a sensor's error, which no parameter explains, gains nothing
 * from it.
 * @see Harrison & Stevens (1976), JRSS B 38 (multi-process models, class II).
 */
export function afterJump({ mean, covariance }: Gaussian, bounds: readonly Bounds[]): Gaussian {
  const wider = covariance.copy();
  for (const [index, { low, high }] of bounds.entries()) wider.add(index, index, (REACH * (high - low)) ** 2);
  return { mean, covariance: wider };
}

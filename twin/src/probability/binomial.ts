import { TwinError } from "../errors.ts";
import { betaCdf } from "./beta.ts";

/** P(K ≤ count) of K ~ Bin(trials, share): I_{1−share}(trials − count, count + 1). */
export function binomialCdf(trials: number, share: number, count: number): number {
  if (count < 0) return 0;
  if (count >= trials) return 1;
  return betaCdf(1 - share, trials - count, count + 1);
}

/** P(K ≥ count): I_share(count, trials − count + 1). */
export function binomialSurvival(trials: number, share: number, count: number): number {
  if (count <= 0) return 1;
  if (count > trials) return 0;
  return betaCdf(share, count, trials - count + 1);
}

/** Least count with P(K ≤ count) ≥ probability. */
export function binomialQuantile(trials: number, share: number, probability: number): number {
  let below = -1;
  let enough = trials;
  while (enough - below > 1) {
    const middle = Math.floor((below + enough) / 2);
    if (binomialCdf(trials, share, middle) >= probability) enough = middle;
    else below = middle;
  }
  return enough;
}

/**
 * Counts that a true share leaves to each side with at most (1 − level)/2: outside them the share is not what was claimed.
 * Trials must be independent; overlapping forecasts are not.
 * @throws {TwinError} BAD_BAND unless trials is a count, share in [0, 1] and level in (0, 1).
 */
export function binomialBand(
  trials: number,
  share: number,
  level = 0.99,
): readonly [low: number, high: number] {
  if (!(Number.isInteger(trials) && trials >= 0 && share >= 0 && share <= 1 && level > 0 && level < 1))
    throw new TwinError(
      "BAD_BAND",
      `a ${level} band of a share of ${share} in ${trials} trials`,
      "expected a count of trials, a share in [0, 1] and a level inside (0, 1)",
    );
  const tail = (1 - level) / 2;
  return [binomialQuantile(trials, share, tail), binomialQuantile(trials, share, 1 - tail)];
}

import type { Dice } from "../../random/dice.ts";
import type { InBatches, Target } from "../problem/target.ts";
import { agreementOf, type Bar, disagreement } from "./agreement.ts";
import { naturalDraws, type Population, sweep } from "./population.ts";
import { Proposals } from "./proposals.ts";

/** Moves before agreement is looked at again; then twice as many, and so on. */
const FIRST_MOVES = 10;

/**
 * Moves tempered populations on under the posterior, until they agree or `mostMoves` are made: resampling leaves copies, and
 * what the last temperature changed needs more moves than what the others did. Weights between distant modes stay as they are.
 */
export function* settle(
  target: Target,
  populations: readonly Population[],
  bar: Bar,
  mostMoves: number,
  dice: Dice,
): InBatches<void> {
  const agreed = (): boolean => {
    const draws = populations.map(({ points }) => naturalDraws(target, points));
    return disagreement(agreementOf(draws, target.size), bar) === undefined;
  };
  const streams = populations.map((_, index) => dice.split(index));
  for (let made = 0, length = FIRST_MOVES; made < mostMoves && !agreed(); length *= 2) {
    const proposals = fittedToOthers(populations.map(({ points }) => points));
    const movings = populations.map((population, index) => ({
      population,
      proposals: [proposals[index], proposals[index]] as [Proposals, Proposals],
      dice: streams[index] as Dice,
      temperature: 1,
      learning: true,
    }));
    for (let move = 0; move < length && made < mostMoves; move++, made++)
      yield* sweep(target, undefined, movings);
  }
}

/**
 * Each population's proposals from the points of all others: fitted to its own they would depend on where its points stand,
 * and empty the narrow parts of the posterior.
 */
export const fittedToOthers = (clouds: readonly (readonly Float64Array[])[]): Proposals[] =>
  clouds.map((_, index) => Proposals.fittedTo(clouds.filter((_cloud, other) => other !== index).flat()));

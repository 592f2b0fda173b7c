import { entry, type Matrix, shapeError } from "../linear-algebra/matrix.ts";
import { sampleMean, sampleVariance } from "../probability/sample-moments.ts";
import type { Dice } from "../random/dice.ts";
import { badForecast, requireFinite } from "./forecast-checks.ts";
import { type ChiSquaredTest, chiSquaredTest } from "./uniformity.ts";

export interface SpreadSkill {
  /** √(mean over cases of the ensemble's variance · (M + 1)/M). */
  readonly spread: number;
  /** Root of the mean squared error of the ensemble's mean. */
  readonly error: number;
  /** spread/error: 1 is right, below 1 over-confident. */
  readonly ratio: number;
}

/**
 * Spread against error of ensemble means. For exchangeable members and truth, E[error²] = (1 + 1/M) E[variance].
 * @param members cases × M. @param truths one for each case; readings need their noise added to the members first.
 * @see Fortin, Abaza, Anctil & Turcotte (2014), J. Hydrometeorol. 15.
 */
export function spreadSkill(members: Matrix, truths: ArrayLike<number>): SpreadSkill {
  checkEnsembles(members, truths);
  let variance = 0;
  let square = 0;
  for (let row = 0; row < members.rows; row++) {
    const ensemble = ensembleOf(members, row);
    const mean = sampleMean(ensemble);
    variance += sampleVariance(ensemble, mean);
    square += (mean - entry(truths, row)) ** 2;
  }
  const size = members.columns;
  const spread = Math.sqrt((variance / members.rows) * ((size + 1) / size));
  const error = Math.sqrt(square / members.rows);
  return { spread, error, ratio: spread / error };
}

export interface RankHistogram {
  /** How often the truth had each rank 0 … M among the members. */
  readonly counts: Uint32Array;
  readonly test: ChiSquaredTest;
}

/**
 * Ranks of truths among their ensembles: flat when truth and members are exchangeable, ∪ when over-confident, ∩ when too
 * wide, sloped when biased. The dice settle ties. χ² wants five expected cases in each of the M + 1 ranks.
 * @see Hamill (2001), Mon. Weather Rev. 129.
 */
export function rankHistogram(members: Matrix, truths: ArrayLike<number>, dice: Dice): RankHistogram {
  checkEnsembles(members, truths);
  const counts = new Uint32Array(members.columns + 1);
  for (let row = 0; row < members.rows; row++) {
    const rank = randomisedRank(ensembleOf(members, row), entry(truths, row), dice);
    counts[rank] = entry(counts, rank) + 1;
  }
  return { counts, test: chiSquaredTest(counts) };
}

/** How many members lie below the truth; each equal one does with probability as if all were in random order. */
export function randomisedRank(members: ArrayLike<number>, truth: number, dice: Dice): number {
  let below = 0;
  let equal = 0;
  for (let index = 0; index < members.length; index++) {
    const member = entry(members, index);
    if (member < truth) below++;
    else if (member === truth) equal++;
  }
  return below + (equal === 0 ? 0 : Math.floor(dice.uniform() * (equal + 1)));
}

const ensembleOf = (members: Matrix, row: number): Float64Array =>
  Float64Array.from({ length: members.columns }, (_, column) => members.get(row, column));

function checkEnsembles(members: Matrix, truths: ArrayLike<number>): void {
  if (members.rows !== truths.length)
    throw shapeError(`${members.rows} ensembles and ${truths.length} truths`, "one truth for each ensemble");
  if (members.rows === 0 || members.columns < 2)
    throw badForecast(
      `${members.rows} ensembles of ${members.columns}`,
      "at least one, of two members or more",
    );
  for (let row = 0; row < members.rows; row++)
    for (let column = 0; column < members.columns; column++)
      requireFinite(members.get(row, column), entry(truths, row));
}

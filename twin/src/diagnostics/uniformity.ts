import { TwinError } from "../errors.ts";
import { entry, shapeError } from "../linear-algebra/matrix.ts";
import { binomialCdf, binomialQuantile, binomialSurvival } from "../probability/binomial.ts";
import { chiSquaredSurvival } from "../probability/chi-squared.ts";

export interface ChiSquaredTest {
  readonly statistic: number;
  readonly freedom: number;
  readonly p: number;
}

/**
 * Pearson's test of counts against probabilities, equal ones by default: Σ (n_i − N p_i)²/(N p_i) ~ χ²(cells − 1).
 * The approximation wants N p_i ≥ 5.
 */
export function chiSquaredTest(counts: ArrayLike<number>, probabilities?: ArrayLike<number>): ChiSquaredTest {
  if (probabilities !== undefined && probabilities.length !== counts.length)
    throw shapeError(`${counts.length} counts and ${probabilities.length} probabilities`, "equal numbers");
  const total = totalOf(counts);
  let statistic = 0;
  for (let cell = 0; cell < counts.length; cell++) {
    const expected = total * (probabilities === undefined ? 1 / counts.length : entry(probabilities, cell));
    statistic += (entry(counts, cell) - expected) ** 2 / expected;
  }
  const freedom = counts.length - 1;
  return { statistic, freedom, p: chiSquaredSurvival(statistic, freedom) };
}

export interface EcdfTest {
  /** Least two-sided binomial tail over the grid: how surprising the ECDF is where it is most so. */
  readonly statistic: number;
  /** Where that is: upper edge of the cell, in (0, 1). */
  readonly at: number;
  /** Probability of a statistic this small under uniformity; exact. */
  readonly p: number;
}

/**
 * Uniformity of counts in cells of equal width by their empirical distribution function: at each inner edge z the number of
 * values below it is Bin(N, z). The pointwise tails are turned into one exact probability by following the chain of
 * cumulative counts.
 *
 * @param counts values in each of at least two equal cells of (0, 1): all possible ranks, or bins of PIT values.
 * @see Säilynoja, Bürkner & Vehtari (2022), Statistics and Computing 32:32, §2; Steck (1971) for the crossing probability.
 */
export function ecdfTest(counts: ArrayLike<number>): EcdfTest {
  const total = totalOf(counts);
  const cells = counts.length;
  let statistic = Number.POSITIVE_INFINITY;
  let at = 1 / cells;
  let below = 0;
  for (let edge = 1; edge < cells; edge++) {
    below += entry(counts, edge - 1);
    const tail = twoSidedTail(total, edge / cells, below);
    if (tail >= statistic) continue;
    statistic = tail;
    at = edge / cells;
  }
  // A shade above the statistic, so that the counts that gave it lie outside whatever the last bit says.
  const milder = insideProbability(total, cells, acceptanceBand(total, cells, statistic * (1 + 1e-9)));
  return { statistic: Math.min(statistic, 1), at, p: Math.min(Math.max(1 - milder, 0), 1) };
}

/** Not cut at 1: the middle of a coarse distribution must still be told from its neighbours. */
const twoSidedTail = (total: number, share: number, count: number): number =>
  2 * Math.min(binomialCdf(total, share, count), binomialSurvival(total, share, count));

export interface EcdfBand {
  /** Least and greatest number of values below each inner edge, cells − 1 of each. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * The band in which the whole ECDF of N uniform values stays with probability `level` (at least): for a plot.
 * @see Säilynoja, Bürkner & Vehtari (2022), §2.2.
 */
export function simultaneousBand(total: number, cells: number, level = 0.99): EcdfBand {
  if (
    !(Number.isInteger(total) && total > 0 && Number.isInteger(cells) && cells > 1 && level > 0 && level < 1)
  )
    throw new TwinError(
      "BAD_BAND",
      `a ${level} band of ${total} values in ${cells} cells`,
      "expected a positive count, at least two cells and a level inside (0, 1)",
    );
  let accepted = 0;
  let rejected = 1 - level;
  if (insideProbability(total, cells, acceptanceBand(total, cells, rejected)) >= level) accepted = rejected;
  // 40 halvings: far below the steps in which counts can change the probability.
  for (let halving = 0; halving < 40 && accepted < rejected; halving++) {
    const tail = (accepted + rejected) / 2;
    if (insideProbability(total, cells, acceptanceBand(total, cells, tail)) >= level) accepted = tail;
    else rejected = tail;
  }
  return acceptanceBand(total, cells, accepted);
}

/** Counts whose two-sided binomial tail is at least `tail`. */
function acceptanceBand(total: number, cells: number, tail: number): EcdfBand {
  const low = new Float64Array(cells - 1);
  const high = new Float64Array(cells - 1);
  for (let edge = 1; edge < cells; edge++) {
    const share = edge / cells;
    low[edge - 1] = binomialQuantile(total, share, tail / 2);
    high[edge - 1] = total - binomialQuantile(total, 1 - share, tail / 2);
  }
  return { low, high };
}

/**
 * P(low_i ≤ C_i ≤ high_i at every edge) of the cumulative counts C of N values in equal cells. Cells of a Poisson process are
 * independent, and given their sum N they are multinomial:
 *
 *     P = Σ over paths Π Poisson(k_i; N/cells)/Poisson(N; N)
 */
function insideProbability(total: number, cells: number, { low, high }: EcdfBand): number {
  const rate = total / cells;
  const step = poissonProbabilities(rate, total);
  let mass: Float64Array = Float64Array.of(1);
  let start = 0;
  for (let edge = 0; edge < cells; edge++) {
    const from = edge === cells - 1 ? total : entry(low, edge);
    const to = edge === cells - 1 ? total : entry(high, edge);
    if (to < from) return 0;
    const next = new Float64Array(to - from + 1);
    for (let count = from; count <= to; count++) {
      const last = Math.min(count - start, mass.length - 1);
      let sum = 0;
      for (let before = 0; before <= last; before++)
        sum += entry(mass, before) * entry(step, count - start - before);
      next[count - from] = sum;
    }
    mass = next;
    start = from;
  }
  return entry(mass, 0) / entry(poissonProbabilities(total, total), total);
}

/** Poisson(k; rate), k = 0 … most. */
function poissonProbabilities(rate: number, most: number): Float64Array {
  const result = new Float64Array(most + 1);
  const logRate = Math.log(rate);
  let logFactorial = 0;
  for (let count = 0; count <= most; count++) {
    if (count > 0) logFactorial += Math.log(count);
    result[count] = Math.exp(count * logRate - rate - logFactorial);
  }
  return result;
}

function totalOf(counts: ArrayLike<number>): number {
  let total = 0;
  for (let cell = 0; cell < counts.length; cell++) {
    const count = entry(counts, cell);
    if (!(Number.isInteger(count) && count >= 0))
      throw new TwinError("BAD_COUNT", `count ${cell} is ${count}`, "counts are whole numbers, 0 or more");
    total += count;
  }
  if (counts.length < 2 || total === 0)
    throw new TwinError(
      "TOO_FEW_VALUES",
      `${total} values in ${counts.length} cells`,
      "at least one value and two cells are needed",
    );
  return total;
}

import { TwinError } from "../errors.ts";
import { binomialBand } from "../probability/binomial.ts";
import { intervalScore } from "./scores.ts";

/** A central interval of a parameter or a signal, as it was published. */
export interface PublishedInterval {
  readonly name: string;
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

/** Sums that two shards can add up; plain data, to be stored as it is. */
export interface CoverageTally {
  readonly name: string;
  readonly level: number;
  readonly published: number;
  readonly held: number;
  /** Outcomes below `low` and above `high`. */
  readonly below: number;
  readonly above: number;
  readonly widthSum: number;
  readonly scoreSum: number;
}

export interface CoverageRow {
  readonly name: string;
  readonly level: number;
  readonly published: number;
  readonly settled: number;
  /** Share of settled intervals that held the outcome; NaN while none is settled. */
  readonly coverage: number;
  /** Of `coverage`, for independent outcomes. */
  readonly band: readonly [low: number, high: number];
  readonly below: number;
  readonly above: number;
  readonly meanWidth: number;
  /** Mean of Winkler's score, units of the quantity. */
  readonly meanScore: number;
  readonly verdict: "kept" | "too narrow" | "too wide" | "too few";
  readonly reasons: readonly CoverageReason[];
}

export interface CoverageReason {
  readonly kind: "coverage" | "one-sided" | "unsettled" | "too few";
  readonly value: number;
  readonly limit: readonly [low: number, high: number];
}

/** With fewer outcomes no verdict: even at 20 the band of a 90 % interval is [0.7, 1]. */
const FEWEST_OUTCOMES = 20;
/** Share of published intervals that may wait for an outcome before the score is that of a selection. */
const MOST_UNSETTLED = 0.2;

/**
 * Every interval ever published against what later happened. Publish when it goes out, settle when the outcome is known; an
 * interval that is never settled counts against the board, so that nobody scores only what went well.
 *
 * The bands are those of independent outcomes: intervals published more often than the truth changes are worth fewer than
 * they count. Shards may publish and settle apart: `merge` makes the whole.
 */
export class CoverageScoreboard {
  readonly #tallies: Map<string, CoverageTally> = new Map();

  constructor(tallies: readonly CoverageTally[] = []) {
    for (const tally of tallies) this.#add(tally);
  }

  publish(interval: PublishedInterval): void {
    check(interval);
    this.#add({ ...emptyTally(interval), published: 1 });
  }

  /** @throws {TwinError} BAD_OUTCOME unless finite: an outcome that is not known leaves the interval open. */
  settle(interval: PublishedInterval, outcome: number): void {
    check(interval);
    if (!Number.isFinite(outcome))
      throw new TwinError(
        "BAD_OUTCOME",
        `an outcome of ${outcome}`,
        "settle with a finite value, or not yet",
      );
    const { level, low, high } = interval;
    this.#add({
      ...emptyTally(interval),
      held: outcome >= low && outcome <= high ? 1 : 0,
      below: outcome < low ? 1 : 0,
      above: outcome > high ? 1 : 0,
      widthSum: high - low,
      scoreSum: intervalScore(level, low, high, outcome),
    });
  }

  merge(other: CoverageScoreboard): void {
    for (const tally of other.tallies()) this.#add(tally);
  }

  /** By name, then level: the same whatever the order of events. */
  tallies(): CoverageTally[] {
    return [...this.#tallies.values()].sort((left, right) =>
      left.name < right.name ? -1 : left.name > right.name ? 1 : left.level - right.level,
    );
  }

  /** @param confidence of the bands. */
  rows(confidence = 0.99): CoverageRow[] {
    return this.tallies().map((tally) => rowOf(tally, confidence));
  }

  #add(tally: CoverageTally): void {
    const key = `${tally.level} ${tally.name}`;
    const before = this.#tallies.get(key) ?? emptyTally(tally);
    this.#tallies.set(key, {
      name: tally.name,
      level: tally.level,
      published: before.published + tally.published,
      held: before.held + tally.held,
      below: before.below + tally.below,
      above: before.above + tally.above,
      widthSum: before.widthSum + tally.widthSum,
      scoreSum: before.scoreSum + tally.scoreSum,
    });
  }
}

const emptyTally = ({ name, level }: { readonly name: string; readonly level: number }): CoverageTally => ({
  name,
  level,
  published: 0,
  held: 0,
  below: 0,
  above: 0,
  widthSum: 0,
  scoreSum: 0,
});

function rowOf(tally: CoverageTally, confidence: number): CoverageRow {
  const { name, level, published, held, below, above } = tally;
  const settled = held + below + above;
  const [low, high] = binomialBand(settled, level, confidence);
  const reasons = reasonsOf(tally, settled, [low, high], confidence);
  const verdict =
    settled < FEWEST_OUTCOMES ? "too few" : held < low ? "too narrow" : held > high ? "too wide" : "kept";
  return {
    name,
    level,
    published,
    settled,
    coverage: held / settled,
    band: [low / settled, high / settled],
    below,
    above,
    meanWidth: tally.widthSum / settled,
    meanScore: tally.scoreSum / settled,
    verdict,
    reasons,
  };
}

function reasonsOf(
  { published, held, below, above }: CoverageTally,
  settled: number,
  [low, high]: readonly [number, number],
  confidence: number,
): CoverageReason[] {
  const reasons: CoverageReason[] = [];
  if (settled < FEWEST_OUTCOMES)
    reasons.push({ kind: "too few", value: settled, limit: [FEWEST_OUTCOMES, Number.POSITIVE_INFINITY] });
  else if (held < low || held > high)
    reasons.push({ kind: "coverage", value: held / settled, limit: [low / settled, high / settled] });
  // A central interval misses to both sides alike.
  const sides = binomialBand(below + above, 0.5, confidence);
  if (below < sides[0] || below > sides[1]) reasons.push({ kind: "one-sided", value: below, limit: sides });
  const unsettled = (published - settled) / published;
  if (unsettled > MOST_UNSETTLED)
    reasons.push({ kind: "unsettled", value: unsettled, limit: [0, MOST_UNSETTLED] });
  return reasons;
}

function check({ name, level, low, high }: PublishedInterval): void {
  if (level > 0 && level < 1 && Number.isFinite(low) && Number.isFinite(high) && low <= high) return;
  throw new TwinError(
    "BAD_INTERVAL",
    `an interval of ${name} from ${low} to ${high} at level ${level}`,
    "expected finite ends, low ≤ high, and a level inside (0, 1)",
  );
}

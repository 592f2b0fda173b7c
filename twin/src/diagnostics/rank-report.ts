import { TwinError } from "../errors.ts";
import { entry } from "../linear-algebra/matrix.ts";
import { binomialBand } from "../probability/binomial.ts";
import type { Dice } from "../random/dice.ts";
import { type ChiSquaredTest, chiSquaredTest, type EcdfTest, ecdfTest } from "./uniformity.ts";

export interface QuantityRanks {
  readonly name: string;
  /** L + 1: ranks run from 0 to `cells` − 1. */
  readonly cells: number;
  readonly ranks: readonly number[];
}

/** Ranks of the truth that should be uniform: what a page plots, and the verdict. */
export interface RankReport extends QuantityRanks {
  /** Simultaneous over all ranks: the verdict rests on this. */
  readonly ecdf: EcdfTest;
  /** Over the bins. */
  readonly chiSquared: ChiSquaredTest;
  /** Of the ECDF test. */
  readonly p: number;
  readonly inside: boolean;
  readonly bins: readonly RankBin[];
  /** Bins outside their own band; about (1 − level) × bins are when all is well. */
  readonly binsOutside: number;
  /** Normal scores of mean and spread of the ranks: positive `bias` = truths lie high in the posterior, positive `spread` = over-confident. */
  readonly bias: number;
  readonly spread: number;
  /** Of the central intervals, read off the ranks. */
  readonly coverage: readonly RankCoverage[];
}

export interface RankBin {
  readonly count: number;
  readonly expected: number;
  readonly band: readonly [low: number, high: number];
}

export interface RankCoverage {
  readonly nominal: number;
  readonly share: number;
  readonly band: readonly [low: number, high: number];
  readonly inside: boolean;
}

const BINS = 20;
const NOMINAL = [0.5, 0.8, 0.9, 0.95] as const;

/** @param dice spread each rank evenly over its cell, for intervals whose ends fall inside one. */
export function reportRanks({ name, cells, ranks }: QuantityRanks, dice: Dice, level = 0.99): RankReport {
  const counts = new Uint32Array(cells);
  for (const rank of ranks) {
    if (!(Number.isInteger(rank) && rank >= 0 && rank < cells))
      throw new TwinError(
        "BAD_RANK",
        `a rank of ${rank}`,
        `ranks of ${name} are whole numbers from 0 to ${cells - 1}`,
      );
    counts[rank] = entry(counts, rank) + 1;
  }
  const ecdf = ecdfTest(counts);
  const bins = binsOf(counts, ranks.length, level);
  const rolled = dice.split(`coverage of ${name}`);
  const places = ranks.map((rank) => (rank + rolled.uniform()) / cells);
  return {
    name,
    cells,
    ranks,
    ecdf,
    chiSquared: chiSquaredTest(
      bins.map(({ count }) => count),
      bins.map(({ expected }) => expected / ranks.length),
    ),
    p: ecdf.p,
    inside: ecdf.p >= 1 - level,
    bins,
    binsOutside: bins.filter(({ count, band: [low, high] }) => count < low || count > high).length,
    // Of a uniform number: mean ½, variance 1/12; (u − ½)² has mean 1/12, variance 1/180.
    bias: standardScore(places, (place) => place - 0.5, 0, 1 / 12),
    spread: standardScore(places, (place) => (place - 0.5) ** 2, 1 / 12, 1 / 180),
    coverage: NOMINAL.map((nominal) => coverageOf(places, nominal, level)),
  };
}

/** Bins as even as whole ranks allow; their expected counts are exact. */
function binsOf(counts: Uint32Array, total: number, level: number): RankBin[] {
  const size = Math.min(BINS, counts.length);
  return Array.from({ length: size }, (_, bin) => {
    const from = Math.round((bin * counts.length) / size);
    const to = Math.round(((bin + 1) * counts.length) / size);
    const share = (to - from) / counts.length;
    return {
      count: counts.subarray(from, to).reduce((sum, count) => sum + count, 0),
      expected: total * share,
      band: binomialBand(total, share, level),
    };
  });
}

function standardScore(
  places: readonly number[],
  of: (place: number) => number,
  mean: number,
  variance: number,
): number {
  const sum = places.reduce((total, place) => total + of(place) - mean, 0);
  return sum / Math.sqrt(places.length * variance);
}

function coverageOf(places: readonly number[], nominal: number, level: number): RankCoverage {
  const held = places.filter((place) => Math.abs(place - 0.5) <= nominal / 2).length;
  const [low, high] = binomialBand(places.length, nominal, level);
  return {
    nominal,
    share: held / places.length,
    band: [low / places.length, high / places.length],
    inside: held >= low && held <= high,
  };
}

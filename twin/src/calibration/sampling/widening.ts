import { TwinError } from "../../errors.ts";
import { cholesky } from "../../linear-algebra/cholesky.ts";
import { entry, type Matrix } from "../../linear-algebra/matrix.ts";
import { quantileOfSorted } from "../../probability/empirical.ts";
import { covarianceOfPoints, meanOfPoints } from "../../probability/sample-moments.ts";
import type { Dice } from "../../random/dice.ts";
import type { InBatches, Target } from "../problem/target.ts";
import { type Region, SPREAD, studentReference } from "./student-reference.ts";
import { temper } from "./tempering.ts";

export interface Widened {
  readonly region: Region;
  /** Indices of unknowns whose spread never stopped growing. */
  readonly unbounded: readonly number[];
}

const FEWEST_POINTS = 256;
const POINTS_PER_UNKNOWN = 8;
const MOST_ROUNDS = 14;
/** A spread that grows by less from round to round has settled: 256 points know it to some 8 %. */
const SETTLED = 1.25;
/** Growth over the second half of the rounds that no posterior with an end shows. */
const ENDLESS = 4;

/**
 * Where the posterior lies, from a region that may be too narrow: of a mode a curvature is known, but neither tails nor bends.
 * Population after population is tempered to the posterior from a Student-t over the region, and the next region has its mean
 * and covariance, until the spreads (5 to 95 % quantiles, each unbounded coordinate) no longer grow.
 *
 * What still grows after all rounds, or has reached the end of the floating-point numbers, is an improper posterior: its mass
 * has no end. A posterior that diverges more slowly than that looks like one with heavy tails.
 * @see Cappé et al. (2004), J. Computational and Graphical Statistics 13(4), on references learnt from populations.
 */
export function* widen(target: Target, first: Region, dice: Dice): InBatches<Widened> {
  const points = Math.max(FEWEST_POINTS, POINTS_PER_UNKNOWN * target.size);
  const spreads: Float64Array[] = [];
  let region = first;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const reference = studentReference(region, SPREAD);
    const { population } = yield* temper(target, reference, { points }, dice.split(round));
    const adrift = beyondReach(target, population.points);
    if (adrift.length > 0) return { region, unbounded: adrift };
    const covariance = covarianceOfPoints(population.points);
    if (!isPositiveDefinite(covariance)) return { region, unbounded: [] };
    region = { centre: meanOfPoints(population.points), covariance };
    spreads.push(spreadsOf(population.points));
    if (round > 0 && growing(spreads, round - 1, SETTLED).length === 0) return { region, unbounded: [] };
  }
  return { region, unbounded: growing(spreads, MOST_ROUNDS >> 1, ENDLESS) };
}

/** Half of the range of exponents: what lies beyond is no quantity of this world. */
const FARTHEST = { identity: 1e150, logarithm: 345 } as const;

/** Unknowns with points at the end of the floating-point numbers. */
export function beyondReach({ problem }: Target, points: readonly Float64Array[]): number[] {
  return problem.unknowns.flatMap(({ prior: { support } }, index) => {
    const limit = support.some((bound) => Number.isFinite(bound)) ? FARTHEST.logarithm : FARTHEST.identity;
    return points.some((point) => !(Math.abs(entry(point, index)) < limit)) ? [index] : [];
  });
}

function isPositiveDefinite(covariance: Matrix): boolean {
  try {
    cholesky(covariance);
    return true;
  } catch (error) {
    if (error instanceof TwinError && error.code === "NOT_POSITIVE_DEFINITE") return false;
    throw error;
  }
}

const spreadsOf = (points: readonly Float64Array[]): Float64Array =>
  Float64Array.from(points[0] ?? [], (_, index) => {
    const sorted = Float64Array.from(points, (point) => entry(point, index)).sort();
    return quantileOfSorted(sorted, 0.95) - quantileOfSorted(sorted, 0.05);
  });

/** Unknowns whose spread grew by more than `factor` since a round. */
function growing(spreads: readonly Float64Array[], since: number, factor: number): number[] {
  const before = spreads[since] as Float64Array;
  const now = spreads.at(-1) as Float64Array;
  return Array.from(now.keys()).filter((index) => entry(now, index) > factor * entry(before, index));
}

import { Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import type { InBatches, Target } from "../problem/target.ts";
import type { Proposals } from "./proposals.ts";

/** A normalised density that can be drawn from, over unbounded coordinates: where tempering begins. */
export interface Reference {
  sample(dice: Dice, out: Float64Array): void;
  logDensity(z: Float64Array): number;
}

/** Points over unbounded coordinates, with both ends of the tempered path at each. */
export interface Population {
  readonly points: Float64Array[];
  readonly logReference: Float64Array;
  readonly logPosterior: Float64Array;
}

/** ln of the tempered density r^{1−λ} p^λ at point `index`. */
export function temperedDensity(
  { logReference, logPosterior }: Population,
  index: number,
  temperature: number,
): number {
  const posterior = logPosterior[index] as number;
  if (temperature === 1) return posterior;
  return (1 - temperature) * (logReference[index] as number) + temperature * posterior;
}

/** θ of each point, a row. */
export function naturalDraws(target: Target, points: readonly Float64Array[]): Matrix {
  const draws = new Matrix(points.length, target.size);
  points.forEach((point, row) => {
    target.natural(point).forEach((value, column) => {
      draws.set(row, column, value);
    });
  });
  return draws;
}

export interface Moving {
  readonly population: Population;
  /** Of the first half of the points, and of the second: fitted to points other than those they move. */
  readonly proposals: readonly [Proposals, Proposals];
  readonly dice: Dice;
  /** λ: 0 at the reference, 1 at the posterior. */
  readonly temperature: number;
  /** Teach the walks: only before sampling, for a chain that adapts for ever has no stationary law. */
  readonly learning: boolean;
}

/**
 * One Metropolis–Hastings step of every point: the first half of each population moves against the second as its crowd,
 * then the second against the first. Points of all populations go to the model in one batch a half.
 * @returns the share of points that moved.
 */
export function* sweep(
  target: Target,
  reference: Reference | undefined,
  movings: readonly Moving[],
): InBatches<number> {
  let moved = 0;
  let asked = 0;
  for (const half of [0, 1] as const) {
    const proposals = movings.flatMap((moving) => proposalsOf(moving, half));
    const logPosteriors = new Float64Array(proposals.length);
    yield* target.logPosteriors(
      proposals.map(({ point }) => point),
      logPosteriors,
    );
    proposals.forEach((proposal, index) => {
      if (decide(proposal, logPosteriors[index] as number, reference)) moved++;
    });
    asked += proposals.length;
  }
  return moved / asked;
}

interface Proposed {
  readonly moving: Pick<Moving, "population" | "temperature" | "learning">;
  readonly index: number;
  readonly point: Float64Array;
  readonly factor: number;
  readonly walk: { learn(probability: number): void } | undefined;
  readonly chance: number;
}

function proposalsOf({ population, proposals, dice, ...moving }: Moving, half: 0 | 1): Proposed[] {
  const { points } = population;
  const middle = points.length >> 1;
  const [first, end] = half === 0 ? [0, middle] : [middle, points.length];
  const crowd = half === 0 ? points.slice(middle) : points.slice(0, middle);
  return points.slice(first, end).map((from, position) => {
    const point = new Float64Array(from.length);
    const { factor, walk } = proposals[half].propose(from, crowd, dice, point);
    const chance = Math.log(dice.uniform());
    return { moving: { population, ...moving }, index: first + position, point, factor, walk, chance };
  });
}

function decide(
  { moving, index, point, factor, walk, chance }: Proposed,
  logPosterior: number,
  reference: Reference | undefined,
): boolean {
  const { population, temperature, learning } = moving;
  const logReference = reference === undefined || temperature === 1 ? 0 : reference.logDensity(point);
  const density =
    temperature === 1 ? logPosterior : (1 - temperature) * logReference + temperature * logPosterior;
  const logRatio = density - temperedDensity(population, index, temperature) + factor;
  if (learning) walk?.learn(logRatio > Number.NEGATIVE_INFINITY ? Math.min(1, Math.exp(logRatio)) : 0);
  if (!(chance < logRatio)) return false;
  population.points[index] = point;
  population.logPosterior[index] = logPosterior;
  population.logReference[index] = logReference;
  return true;
}

import { TwinError } from "../../errors.ts";
import { effectiveSize, normaliseLogWeights } from "../../estimation/particle/log-weights.ts";
import { systematic } from "../../estimation/particle/resampling.ts";
import { logMeanExp } from "../../probability/log-sum-exp.ts";
import type { Dice } from "../../random/dice.ts";
import type { InBatches, Target } from "../problem/target.ts";
import { type Population, type Reference, sweep } from "./population.ts";
import { Proposals } from "./proposals.ts";

export interface TemperingOptions {
  /** Points of a population, at least 16. */
  readonly points: number;
  /** Share of the points that the effective size may fall to in one step of temperature, in (0, 1). Default 0.5. */
  readonly keep?: number;
  /** Moves go on until no coordinate correlates with its value before them by more than this. Default 0.3. */
  readonly memory?: number;
  /** Moves at one temperature, at most. Default 60. */
  readonly mostMoves?: number;
}

export interface Tempered {
  readonly population: Population;
  /** ln of the ratio of the two ends' total masses: the log-evidence where the reference is normalised. */
  readonly logEvidence: number;
  /** Σ (1/ESS − 1/N) over the steps: the variance of Ẑ/Z if the moves forgot everything; in truth it is at least about this. */
  readonly weightVariance: number;
  readonly temperatures: readonly number[];
  /** Moves of each point, over all temperatures. */
  readonly moves: number;
}

const MOST_TEMPERATURES = 1000;
const FEWEST_MOVES = 4;

/**
 * One population from the reference r to the posterior p along r^{1−λ} p^λ:
 *
 *     weigh   w_i = (p/r)(x_i)^{λ' − λ}, λ' so large that the effective size stays at `keep` × N (bisection)
 *     Z ← Z · mean(w);   resample systematically;   move by a kernel that leaves r^{1−λ'} p^{λ'} alone
 *
 * Ẑ is unbiased up to the adaptation of λ and of the moves, which vanishes like 1/N. Every population is resampled at
 * every step, so that the effective and the conditional effective sizes are the same.
 * @see Del Moral, Doucet & Jasra (2006), JRSS B 68(3); Jasra et al. (2011), Scand. J. Statistics 38(1), on adapting λ;
 *   Buchholz, Chopin & Jacob (2021), Bayesian Analysis 16(3), on adapting the number of moves.
 * @throws {TwinError} NO_POSSIBLE_POINT when no point of the reference has a positive density.
 */
export function* temper(
  target: Target,
  reference: Reference,
  options: TemperingOptions,
  dice: Dice,
): InBatches<Tempered> {
  const { points: count, keep = 0.5 } = options;
  let population = yield* drawn(target, reference, count, dice);
  let logEvidence = 0;
  let weightVariance = 0;
  let temperature = 0;
  const temperatures: number[] = [];
  let moves = 0;
  while (temperature < 1) {
    const ratios = population.logPosterior.map((posterior, index) =>
      posterior === Number.NEGATIVE_INFINITY
        ? posterior
        : posterior - (population.logReference[index] as number),
    );
    const next = nextTemperature(ratios, temperature, keep * count);
    const logWeights = ratios.map((ratio) => (next - temperature) * ratio);
    logEvidence += logMeanExp(logWeights);
    weightVariance += 1 / effectiveSize(logWeights) - 1 / count;
    population = resampled(population, logWeights, dice);
    temperature = next;
    temperatures.push(temperature);
    requireProgress(temperatures);
    moves += yield* moveAlong(target, reference, population, temperature, options, dice);
  }
  return { population, logEvidence, weightVariance, temperatures, moves };
}

function* drawn(target: Target, reference: Reference, count: number, dice: Dice): InBatches<Population> {
  const points = Array.from({ length: count }, (_, index) => {
    const point = new Float64Array(target.size);
    reference.sample(dice.split(index), point);
    return point;
  });
  const logPosterior = new Float64Array(count);
  yield* target.logPosteriors(points, logPosterior);
  if (logPosterior.every((value) => value === Number.NEGATIVE_INFINITY))
    throw new TwinError(
      "NO_POSSIBLE_POINT",
      `none of ${count} draws from the prior has a positive likelihood`,
      "expected priors that reach what the data allow: look at the model's output for one of their draws, or use more points",
    );
  return {
    points,
    logPosterior,
    logReference: Float64Array.from(points, (point) => reference.logDensity(point)),
  };
}

/** The largest λ' ≤ 1 that leaves `wanted` effective points; points of weight zero are spent whatever λ' is. */
function nextTemperature(ratios: Float64Array, temperature: number, wanted: number): number {
  const possible = ratios.reduce((sum, ratio) => sum + (ratio === Number.NEGATIVE_INFINITY ? 0 : 1), 0);
  const share = Math.min(wanted, (wanted / ratios.length) * possible);
  const sizeAt = (next: number): number => effectiveSize(ratios.map((ratio) => (next - temperature) * ratio));
  if (sizeAt(1) >= share) return 1;
  let low = temperature;
  let high = 1;
  for (let turn = 0; turn < 60 && high - low > 1e-4 * (high - temperature); turn++) {
    const middle = low === temperature ? temperature + (high - temperature) / 8 : (low + high) / 2;
    if (sizeAt(middle) >= share) low = middle;
    else high = middle;
  }
  return low === temperature ? high : low;
}

function requireProgress(temperatures: readonly number[]): void {
  if (temperatures.length < MOST_TEMPERATURES) return;
  throw new TwinError(
    "NO_CONVERGENCE",
    `the posterior was not reached in ${MOST_TEMPERATURES} temperatures; the last is ${temperatures.at(-1)}`,
    "expected a likelihood that is bounded and smooth: look for a noise that goes to zero, or narrow the priors",
  );
}

function resampled(population: Population, logWeights: Float64Array, dice: Dice): Population {
  const weights = new Float64Array(logWeights.length);
  normaliseLogWeights(logWeights, weights);
  const indices = new Int32Array(weights.length);
  systematic(weights, dice, indices);
  return {
    points: Array.from(indices, (index) => population.points[index] as Float64Array),
    logReference: Float64Array.from(indices, (index) => population.logReference[index] as number),
    logPosterior: Float64Array.from(indices, (index) => population.logPosterior[index] as number),
  };
}

/** Moves the population in place until it has forgotten where it stood; returns the number of moves. */
function* moveAlong(
  target: Target,
  reference: Reference,
  population: Population,
  temperature: number,
  { memory = 0.3, mostMoves = 60 }: TemperingOptions,
  dice: Dice,
): InBatches<number> {
  const before = population.points.slice();
  // Resampling leaves copies side by side, so that the halves share hardly a parent: each is moved by the other's shape.
  // Proposals fitted to the very points they move would pull these in: a narrow part of the posterior would empty.
  const middle = before.length >> 1;
  const proposals = [
    Proposals.fittedTo(before.slice(middle)),
    Proposals.fittedTo(before.slice(0, middle)),
  ] as const;
  let last = 1;
  for (let move = 1; move <= mostMoves; move++) {
    yield* sweep(target, reference, [{ population, proposals, dice, temperature, learning: true }]);
    if (move < FEWEST_MOVES || move % 2 > 0) continue;
    const now = largestCorrelation(before, population.points);
    if (now <= memory || (move % 20 === 0 && now > 0.98 * last)) return move;
    if (move % 20 === 0) last = now;
  }
  return mostMoves;
}

function largestCorrelation(before: readonly Float64Array[], now: readonly Float64Array[]): number {
  const size = before[0]?.length ?? 0;
  let largest = 0;
  for (let index = 0; index < size; index++) {
    let [sumX, sumY, xx, yy, xy] = [0, 0, 0, 0, 0];
    const origin = before[0]?.[index] as number;
    before.forEach((point, position) => {
      const x = (point[index] as number) - origin;
      const y = (now[position]?.[index] as number) - origin;
      sumX += x;
      sumY += y;
      xx += x * x;
      yy += y * y;
      xy += x * y;
    });
    const count = before.length;
    const spread = (xx - (sumX * sumX) / count) * (yy - (sumY * sumY) / count);
    if (spread > 0) largest = Math.max(largest, (xy - (sumX * sumY) / count) / Math.sqrt(spread));
  }
  return largest;
}

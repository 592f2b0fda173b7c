import { Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import type { Evaluator } from "../problem/evaluator.ts";
import { drawable, productLogDensity, samplePriorOf } from "../problem/priors.ts";
import { runBatches, type Target } from "../problem/target.ts";
import { findMode } from "./mode.ts";
import type { Reference } from "./population.ts";
import { SPREAD, studentReference } from "./student-reference.ts";
import { widen } from "./widening.ts";

export interface ChosenReference extends Reference {
  readonly kind: "prior" | "around the mode" | "around the start";
  /** Whether the ratio of masses along the path is the evidence p(y): the priors must be proper. */
  readonly givesEvidence: boolean;
  /** Where the prior cannot be drawn from: the same, twice as wide. */
  readonly wider?: Reference;
  /** Indices of unknowns in which the posterior has no end: an improper one. Empty where nothing speaks for it. */
  readonly unbounded: readonly number[];
}

/**
 * Where tempering begins: the prior where it can be drawn from; else a Student-t around the posterior's mode, twice as wide as
 * its curvature says; else, where there is no mode, around the start with a scale for each unknown. A curvature says nothing of
 * tails and bends, so that these two are corrected by populations (`widen`) until their spread is the posterior's.
 */
export function chooseReference(target: Target, dice: Dice, evaluator: Evaluator): ChosenReference {
  const density = (z: Float64Array): number => logPosterior(target, z, evaluator);
  const { proper } = properness(target, dice);
  if (proper) return priorReference(target);
  const search = findMode(density, startsOf(target, dice, density).start);
  const around = search.found ? search.mode : { at: search.at, covariance: squared(search.scales) };
  const widening = widen(
    target,
    { centre: around.at, covariance: around.covariance },
    dice.split("widening"),
  );
  const { region, unbounded } = runBatches(widening, target.problem, evaluator);
  return {
    kind: search.found ? "around the mode" : "around the start",
    givesEvidence: false,
    wider: studentReference(region, 2 * SPREAD),
    unbounded,
    ...studentReference(region, SPREAD),
  };
}

const squared = (scales: Float64Array): Matrix => Matrix.diagonal(scales.map((scale) => scale * scale));

/** ln p(θ(z), y) + ln |dθ/dz| at one point, run here and counted. */
export function logPosterior(target: Target, z: Float64Array, evaluator: Evaluator): number {
  const prior = target.logPrior(z);
  if (prior === Number.NEGATIVE_INFINITY) return prior;
  return prior + evaluator.logDensity(() => target.problem.logLikelihood(target.natural(z)));
}

const properness = ({ problem }: Target, dice: Dice): { readonly proper: boolean } => ({
  proper: problem.samplePrior !== undefined || drawable(problem.unknowns, dice),
});

/** Draws from the prior of which the best is a start. */
const SEEDS = 20;

/** Where to climb from, and whether the prior can be drawn from: the stated starts, else the best of some draws. */
export function startsOf(
  target: Target,
  dice: Dice,
  density: (z: Float64Array) => number,
): { readonly start: Float64Array; readonly proper: boolean } {
  const { unknowns } = target.problem;
  const { proper } = properness(target, dice);
  const middle = target.coordinates.fromNatural(unknowns.map(startOf));
  const stated = unknowns.every(({ start }) => start !== undefined);
  if (stated) return { start: middle, proper };
  if (!proper) return { start: nearestPossible(middle, dice, density), proper };
  const reference = priorReference(target);
  let best = middle;
  let highest = density(middle);
  for (let seed = 0; seed < SEEDS * target.size; seed++) {
    const point = new Float64Array(target.size);
    reference.sample(dice.split(seed), point);
    unknowns.forEach(({ start }, index) => {
      if (start !== undefined) point[index] = middle[index] as number;
    });
    const value = density(point);
    if (!(value > highest)) continue;
    best = point;
    highest = value;
  }
  return { start: best, proper };
}

/** The middle, or where the data cannot be there, the best of growing clouds about it. */
function nearestPossible(
  middle: Float64Array,
  dice: Dice,
  density: (z: Float64Array) => number,
): Float64Array {
  if (density(middle) > Number.NEGATIVE_INFINITY) return middle;
  let best = middle;
  let highest = Number.NEGATIVE_INFINITY;
  for (let breadth = 0.5; breadth <= 64 && best === middle; breadth *= 2) {
    for (let seed = 0; seed < SEEDS * middle.length; seed++) {
      const stream = dice.split(`cloud ${breadth}`).split(seed);
      const point = middle.map((coordinate) => coordinate + breadth * stream.normal());
      const value = density(point);
      if (!(value > highest)) continue;
      best = point;
      highest = value;
    }
  }
  return best;
}

/** The stated start, or the middle of the support: 0, a unit inside a one-sided bound. */
function startOf({
  start,
  prior,
}: {
  readonly start?: number;
  readonly prior: { readonly support: readonly [number, number] };
}): number {
  const [low, high] = prior.support;
  if (start !== undefined) return start;
  if (low === Number.NEGATIVE_INFINITY) return high === Number.POSITIVE_INFINITY ? 0 : high - 1;
  return high === Number.POSITIVE_INFINITY ? low + 1 : low + (high - low) / 2;
}

function priorReference(target: Target): ChosenReference {
  const { problem, coordinates } = target;
  const theta = new Float64Array(target.size);
  const joint = problem.samplePrior !== undefined || problem.logPrior === undefined;
  return {
    kind: "prior",
    givesEvidence: true,
    unbounded: [],
    sample(dice, out) {
      if (joint) samplePriorOf(problem, dice, theta);
      else samplePriorOf({ unknowns: problem.unknowns }, dice, theta);
      out.set(coordinates.fromNatural(theta));
    },
    // A joint prior that cannot be drawn from is reached from the product of the unknowns' own priors.
    logDensity: (z) =>
      joint
        ? target.logPrior(z)
        : productLogDensity(problem.unknowns, coordinates.toNatural(z, theta)) + coordinates.logJacobian(z),
  };
}

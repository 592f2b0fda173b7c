import { TwinError } from "../../errors.ts";
import { multiply, plus, symmetrise, timesVector } from "../../linear-algebra/matrix.ts";
import type { Transition } from "./model.ts";

/** Transitions kept per component; irregular times rarely repeat, so the memory is bounded and then started anew. */
const KEPT = 256;

/** The same elapsed time gives the same object, so that filters can skip what they prepared for it. */
export function keptByElapsed(compute: (elapsed: number) => Transition): (elapsed: number) => Transition {
  const kept = new Map<number, Transition>();
  let last = Number.NaN;
  let same: Transition | undefined;
  return (elapsed) => {
    // Most readings come as far apart as the two before.
    if (elapsed === last && same !== undefined) return same;
    let transition = kept.get(elapsed);
    if (transition === undefined) {
      if (kept.size >= KEPT) kept.clear();
      transition = compute(elapsed);
      kept.set(elapsed, transition);
    }
    last = elapsed;
    same = transition;
    return transition;
  };
}

/**
 * A process defined from one step to the next, over any whole number of steps; a gap of k steps is k predictions.
 * @throws {TwinError} UNEVEN_STEP for a time that is no whole number of steps.
 */
export const inWholeSteps = (one: Transition, length = 1): ((elapsed: number) => Transition) =>
  keptByElapsed((elapsed) => power(one, wholeSteps(elapsed, length)));

/** Beyond this many, a whole step is within the rounding that is forgiven. */
const MOST_STEPS = 1e8;

/** @throws {TwinError} UNEVEN_STEP. */
export function wholeSteps(elapsed: number, length: number): number {
  const steps = elapsed / length;
  const whole = Math.round(steps);
  if (!(whole >= 1 && whole <= MOST_STEPS) || Math.abs(steps - whole) > 1e-9 * whole)
    throw new TwinError(
      "UNEVEN_STEP",
      `a process in steps of ${length} cannot travel ${elapsed}`,
      "space the readings by whole steps (NaN where one is missing), or use a component in continuous time",
    );
  return whole;
}

/** First one transition, then another: F = F₂F₁, c = F₂c₁ + c₂, Q = F₂Q₁F₂ᵀ + Q₂. */
export function followedBy(first: Transition, second: Transition): Transition {
  const noise = symmetrise(
    plus(multiply(second.matrix, multiply(first.noise, second.matrix.transpose())), second.noise),
  );
  const matrix = multiply(second.matrix, first.matrix);
  const drift = driftOf(first, second);
  return drift === undefined ? { matrix, noise } : { matrix, noise, drift };
}

function driftOf(first: Transition, second: Transition): Float64Array | undefined {
  if (first.drift === undefined) return second.drift;
  const moved = timesVector(second.matrix, first.drift);
  return second.drift === undefined
    ? moved
    : moved.map((value, index) => value + (second.drift?.[index] ?? 0));
}

/** k times the same, by squaring. */
function power(one: Transition, count: number): Transition {
  let result: Transition | undefined;
  let square = one;
  for (let rest = count; ; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? square : followedBy(result, square);
    if (rest <= 1) return result ?? one;
    square = followedBy(square, square);
  }
}

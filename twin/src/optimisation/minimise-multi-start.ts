import { TwinError } from "../errors.ts";
import { shapeError } from "../linear-algebra/matrix.ts";
import type { Dice } from "../random/dice.ts";
import { latinHypercube } from "./latin-hypercube.ts";
import { type MinimiseOptions, minimise } from "./minimise.ts";
import { CountedObjective, type Minimum, type Objective } from "./minimise-counted.ts";
import { nelderMead } from "./minimise-nelder-mead.ts";

/** Where starts are drawn; the search itself may leave the box. */
export interface StartBox {
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

export interface MultiStartOptions extends MinimiseOptions {
  /** Number of drawn starts; 8 when absent. */
  readonly starts?: number;
  /**
   * Start where the function is least first, and stop once so many have ended at the best minimum without one that ended
   * elsewhere; all starts are searched when absent.
   */
  readonly enough?: number;
  /** Starts to try first. */
  readonly first?: readonly ArrayLike<number>[];
}

export interface MultiStart {
  readonly best: Minimum;
  /** All that were searched, in order. */
  readonly all: readonly Minimum[];
  /** How many ended within 1e-6 · max(|f|, 1) of the best: a single one is a reason to add starts. */
  readonly agreeing: number;
  readonly evaluations: number;
  readonly failures: number;
}

/**
 * A global search: BFGS from a Latin hypercube of starts, and Nelder–Mead from where BFGS found no descent.
 *
 * @throws {TwinError} BAD_SHAPE, BAD_BOX; NO_START when there is none.
 */
export function multiStart(
  objective: Objective,
  box: StartBox,
  dice: Dice,
  options: MultiStartOptions = {},
): MultiStart {
  const starts = [
    ...(options.first ?? []).map((start) => Float64Array.from(start)),
    ...startsIn(box, options.starts ?? 8, dice),
  ];
  const all = searched(objective, starts, options);
  const [first] = all;
  if (first === undefined)
    throw new TwinError("NO_START", "there is no start to search from", "ask for at least one start");
  const best = all.reduce((least, one) => (one.value < least.value ? one : least), first);
  const close = closeTo(best.value);
  return {
    best,
    all,
    agreeing: all.filter(({ value }) => value <= best.value + close).length,
    evaluations: all.reduce((sum, one) => sum + one.evaluations, 0),
    failures: all.reduce((sum, one) => sum + one.failures, 0),
  };
}

const closeTo = (value: number): number => 1e-6 * Math.max(Math.abs(value), 1);

function searched(
  objective: Objective,
  starts: readonly Float64Array[],
  options: MultiStartOptions,
): readonly Minimum[] {
  const { enough } = options;
  if (enough === undefined) return starts.map((start) => polished(objective, start, options));
  const counted = new CountedObjective(objective);
  const ranked = starts
    .map((start) => ({ start, value: counted.at(start) }))
    .sort((one, other) => one.value - other.value);
  const found: Minimum[] = [];
  for (const { start } of ranked) {
    found.push(polished(objective, start, options));
    const values = found.map(({ value }) => value);
    const least = Math.min(...values);
    if (found.length >= enough && values.every((value) => value <= least + closeTo(least))) break;
  }
  return found;
}

function polished(objective: Objective, start: Float64Array, options: MinimiseOptions): Minimum {
  const direct = minimise(objective, start, options);
  if (direct.converged || direct.reason === "unbounded") return direct;
  const simplex = nelderMead(objective, direct.x);
  const better = simplex.value < direct.value ? simplex : direct;
  return {
    ...better,
    evaluations: direct.evaluations + simplex.evaluations,
    failures: direct.failures + simplex.failures,
  };
}

/** A Latin hypercube stretched over the box. */
function startsIn({ low, high }: StartBox, count: number, dice: Dice): Float64Array[] {
  if (low.length !== high.length)
    throw shapeError(`bounds of ${low.length} and ${high.length}`, "equal sizes");
  for (let index = 0; index < low.length; index++) {
    const [from, to] = [low[index] as number, high[index] as number];
    if (!(from <= to) || !Number.isFinite(to - from))
      throw new TwinError(
        "BAD_BOX",
        `coordinate ${index} runs from ${from} to ${to}`,
        "expected finite low ≤ high",
      );
  }
  const cube = latinHypercube(count, low.length, dice);
  return Array.from({ length: count }, (_, point) =>
    Float64Array.from(
      { length: low.length },
      (_entry, index) =>
        (low[index] as number) + ((high[index] as number) - (low[index] as number)) * cube.get(point, index),
    ),
  );
}

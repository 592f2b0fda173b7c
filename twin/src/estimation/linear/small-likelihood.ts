import { type SmallModel, smallFilter } from "../../linear-algebra/small-filters.ts";
import type { Likelihood } from "./likelihood.ts";
import type { LinearModel, Observation, Transition } from "./model.ts";
import type { Series } from "./readings.ts";

/** Kernels exist for up to three states. */
const MOST_STATES = 3;

/** The belief just before reading `from`, nothing diffuse left in it. */
export interface SmallStart {
  readonly from: number;
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

/**
 * The likelihood of one output and one to three states with unrolled kernels, from where nothing is diffuse any more.
 *
 * @returns undefined where the kernels do not apply: an observation that changes, a drift, a reading without noise, or
 *   intervals that hardly repeat.
 */
export function smallLikelihood(
  model: LinearModel,
  { times, values }: Series,
  { from, mean, covariance }: SmallStart,
): Pick<Likelihood, "logLikelihood" | "squares" | "scalars"> | undefined {
  if (!isSmall(model)) return undefined;
  const observation = model.observation(from);
  const noise = observation.noise.get(0, 0);
  if (!(noise > 0)) return undefined;
  const intervals = new Intervals(times.length - from, Math.max(8, times.length / 4));
  for (let index = from + 1; index < times.length; index++) {
    if (model.observation(index) !== observation) return undefined;
    const elapsed = (times[index] as number) - (times[index - 1] as number);
    if (!intervals.take(model.transition(elapsed, index))) return undefined;
  }
  const offset = observation.offset?.[0] ?? 0;
  const read = values.subarray(from);
  const pass = smallFilter(
    intervals.model(observation, mean, covariance),
    offset === 0 ? read : read.map((value) => value - offset),
    intervals.kinds.length > 1 ? intervals.steps : undefined,
  );
  return { logLikelihood: pass.logLikelihood, squares: pass.squares, scalars: pass.present };
}

export const isSmall = ({ states, outputs }: LinearModel): boolean => outputs === 1 && states <= MOST_STATES;

/** Which transition each interval is, each told apart by identity. */
class Intervals {
  readonly kinds: Transition[] = [];
  readonly steps: Int32Array;
  readonly #most: number;
  readonly #indices = new Map<Transition, number>();
  #taken = 0;
  #last: Transition | undefined;
  #kind = 0;

  constructor(count: number, most: number) {
    this.steps = new Int32Array(count);
    this.#most = most;
  }

  /** False when the kernels cannot take it. */
  take(transition: Transition): boolean {
    if (transition !== this.#last) {
      const kind = this.#kindOf(transition);
      if (kind === undefined) return false;
      this.#last = transition;
      this.#kind = kind;
    }
    this.steps[this.#taken++] = this.#kind;
    return true;
  }

  #kindOf(transition: Transition): number | undefined {
    const known = this.#indices.get(transition);
    if (known !== undefined) return known;
    if (transition.drift !== undefined || this.kinds.length >= this.#most) return undefined;
    this.#indices.set(transition, this.kinds.length);
    return this.kinds.push(transition) - 1;
  }

  model(observation: Observation, mean: Float64Array, covariance: Float64Array): SmallModel {
    return {
      transitions: this.kinds.map(({ matrix }) => matrix.data),
      noises: this.kinds.map(({ noise }) => noise.data),
      observation: observation.matrix.data,
      observationVariance: observation.noise.get(0, 0),
      mean,
      covariance,
    };
  }
}

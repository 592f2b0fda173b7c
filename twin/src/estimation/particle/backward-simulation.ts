import { TwinError } from "../../errors.ts";
import type { Dice } from "../../random/dice.ts";
import { ParticleCloud } from "./cloud.ts";
import { normaliseLogWeights } from "./log-weights.ts";
import type { ParticleSystem } from "./particle-system.ts";
import { systematic } from "./resampling.ts";

/**
 * Draws whole paths from p(x_1 … x_T | y_1 … y_T) through the clouds of a filter: forward filtering, backward simulation.
 *
 *     x_T from the last cloud;   x_t from the cloud at t with weights ∝ W_t,i p(x_{t+1} | x_t,i)
 *
 * Unlike the ancestors of the last particles, which soon are all one, the paths differ at every time. O(paths · N · T) values
 * of the transition density.
 *
 * @param clouds after each reading, as `runParticles` keeps them; `times` are theirs.
 * @returns a cloud of equal weights for each time; particle j is one path in all of them.
 * @throws {TwinError} BAD_OPTION without `logTransition`, clouds or paths; DEGENERATE when a step is impossible from all
 *   particles: then the filter's particles are too few for the transition noise.
 * @see Godsill, Doucet & West (2004), J. Am. Stat. Assoc. 99.
 */
export function simulateBackward(
  system: ParticleSystem,
  times: ArrayLike<number>,
  clouds: readonly ParticleCloud[],
  options: { readonly paths: number; readonly dice: Dice },
): ParticleCloud[] {
  const last = checkArguments(system, times, clouds, options.paths);
  const paths = clouds.map(() => new ParticleCloud(options.paths, system.states));
  const state = new Float64Array(system.states);
  const ends = new Int32Array(options.paths);
  systematic(last.weights, options.dice.split("end"), ends);
  ends.forEach((particle, path) => {
    last.read(particle, state);
    paths[clouds.length - 1]?.write(path, state);
  });
  for (let step = clouds.length - 2; step >= 0; step--) {
    const cloud = clouds[step] as ParticleCloud;
    const dice = options.dice.split(step);
    const interval: Interval = { from: times[step] as number, to: times[step + 1] as number };
    stepBack(system, cloud, interval, paths[step + 1] as ParticleCloud, paths[step] as ParticleCloud, dice);
  }
  return paths;
}

interface Interval {
  readonly from: number;
  readonly to: number;
}

function stepBack(
  system: ParticleSystem,
  cloud: ParticleCloud,
  { from, to }: Interval,
  later: ParticleCloud,
  earlier: ParticleCloud,
  dice: Dice,
): void {
  const next = new Float64Array(system.states);
  const state = new Float64Array(system.states);
  const logWeights = new Float64Array(cloud.count);
  const weights = new Float64Array(cloud.count);
  for (let path = 0; path < later.count; path++) {
    later.read(path, next);
    for (let particle = 0; particle < cloud.count; particle++) {
      const logWeight = cloud.logWeights[particle] as number;
      logWeights[particle] = logWeight;
      if (logWeight === Number.NEGATIVE_INFINITY) continue;
      cloud.read(particle, state);
      const density = system.logTransition?.(next, state, from, to) ?? Number.NaN;
      logWeights[particle] = Number.isNaN(density) ? Number.NEGATIVE_INFINITY : logWeight + density;
    }
    if (normaliseLogWeights(logWeights, weights).logTotal === Number.NEGATIVE_INFINITY)
      throw new TwinError(
        "DEGENERATE",
        `no particle at ${from} could have moved to (${next.join(", ")}) at ${to}`,
        "expected a transition density above zero somewhere: take more particles, or a model with process noise in every state",
      );
    cloud.read(draw(weights, dice.uniform()), state);
    earlier.write(path, state);
  }
}

/** The index whose stretch of the cumulative weights holds `point`. */
function draw(weights: Float64Array, point: number): number {
  let cumulative = 0;
  let last = 0;
  for (let index = 0; index < weights.length; index++) {
    const weight = weights[index] as number;
    if (weight === 0) continue;
    cumulative += weight;
    last = index;
    if (point < cumulative) break;
  }
  return last;
}

function checkArguments(
  system: ParticleSystem,
  times: ArrayLike<number>,
  clouds: readonly ParticleCloud[],
  paths: number,
): ParticleCloud {
  const last = clouds[clouds.length - 1];
  const problem = !system.logTransition
    ? "a system without logTransition"
    : times.length !== clouds.length
      ? `${times.length} times for ${clouds.length} clouds`
      : Number.isSafeInteger(paths) && paths > 0
        ? undefined
        : `${paths} paths`;
  if (problem === undefined && last) return last;
  throw new TwinError(
    "BAD_OPTION",
    `backward simulation was asked of ${problem ?? "no clouds"}`,
    "expected logTransition in the system, the clouds and times of a run with `keep`, and a whole number of paths from 1 on",
  );
}

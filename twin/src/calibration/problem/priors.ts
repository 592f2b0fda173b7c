import { TwinError } from "../../errors.ts";
import type { Dice } from "../../random/dice.ts";
import type { DensityProblem, SimulationProblem, Unknown } from "./problem.ts";

type PriorParts = Pick<DensityProblem, "unknowns" | "logPrior" | "samplePrior">;

/** Σ of the unknowns' own log-densities; −∞ outside a support. */
export function productLogDensity(unknowns: readonly Unknown[], theta: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < unknowns.length; index++) {
    sum += (unknowns[index] as Unknown).prior.logDensity(theta[index] as number);
    if (sum === Number.NEGATIVE_INFINITY) break;
  }
  return sum;
}

/** ln p(θ), the problem's joint prior; −∞ outside a support. */
export function logPriorOf(problem: PriorParts, theta: Float64Array): number {
  for (let index = 0; index < problem.unknowns.length; index++) {
    const [low, high] = (problem.unknowns[index] as Unknown).prior.support;
    const value = theta[index] as number;
    if (!(value >= low && value <= high && Number.isFinite(value))) return Number.NEGATIVE_INFINITY;
  }
  return problem.logPrior === undefined
    ? productLogDensity(problem.unknowns, theta)
    : problem.logPrior(theta);
}

/** ln p(θ) + ln p(y | θ) at one point in natural coordinates, all constants kept, no Jacobian. Throws what the model throws. */
export function logJoint(problem: DensityProblem, theta: ArrayLike<number>): number {
  const point = Float64Array.from(theta);
  const prior = logPriorOf(problem, point);
  return prior === Number.NEGATIVE_INFINITY ? prior : prior + problem.logLikelihood(point);
}

/** One draw from the joint prior. @throws {TwinError} IMPROPER where a prior has no total mass. */
export function samplePriorOf(problem: PriorParts, dice: Dice, out: Float64Array): Float64Array {
  if (problem.samplePrior === undefined)
    for (let index = 0; index < out.length; index++)
      out[index] = (problem.unknowns[index] as Unknown).prior.sample(dice);
  else problem.samplePrior(dice, out);
  return out;
}

/** Whether every unknown's own prior can be drawn from. */
export function drawable(unknowns: readonly Unknown[], dice: Dice): boolean {
  const trial = dice.split("trial draw");
  return unknowns.every(({ prior }) => {
    try {
      prior.sample(trial);
      return true;
    } catch (error) {
      if (error instanceof TwinError && error.code === "IMPROPER") return false;
      throw error;
    }
  });
}

/** @throws {TwinError} NO_UNKNOWNS, DUPLICATE_UNKNOWN. Supports are checked where coordinates are made. */
export function requireUnknowns(unknowns: readonly Unknown[]): void {
  if (unknowns.length === 0)
    throw new TwinError(
      "NO_UNKNOWNS",
      "the problem has no unknown",
      "expected at least one { id, prior } to calibrate",
    );
  const ids = unknowns.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return;
  throw new TwinError(
    "DUPLICATE_UNKNOWN",
    `two unknowns are named ${JSON.stringify(twice)}`,
    "expected distinct ids: results are found by them",
  );
}

/** The same problem as a density: Σ ln N(y_i; h_i(θ), sd_i²). */
export function asDensity(problem: SimulationProblem): DensityProblem {
  const { observations, noise } = problem;
  requireReadings(problem);
  const simulated = new Float64Array(observations.length);
  let constant = 0;
  for (const sd of noise) constant -= Math.log(sd) + 0.5 * Math.log(2 * Math.PI);
  return {
    unknowns: problem.unknowns,
    logLikelihood(theta) {
      simulated.fill(Number.NaN);
      problem.simulate(theta, simulated);
      let sum = 0;
      for (let index = 0; index < observations.length; index++)
        sum +=
          (((observations[index] as number) - (simulated[index] as number)) / (noise[index] as number)) ** 2;
      // An infinite output is a failed run, not an impossible point.
      return Number.isFinite(sum) ? constant - sum / 2 : Number.NaN;
    },
  };
}

/** @throws {TwinError} BAD_READINGS: none, not finite, or without a positive sd each. */
export function requireReadings({ observations, noise }: SimulationProblem): void {
  const bad = observations.findIndex((value) => !Number.isFinite(value));
  const loud = noise.findIndex((sd) => !(sd > 0 && sd < Number.POSITIVE_INFINITY));
  const fault =
    observations.length === 0
      ? "no readings"
      : noise.length !== observations.length
        ? `${observations.length} readings and ${noise.length} standard deviations`
        : bad >= 0
          ? `reading ${bad} is ${observations[bad]}`
          : loud >= 0
            ? `the noise of reading ${loud} is ${noise[loud]}`
            : undefined;
  if (fault === undefined) return;
  throw new TwinError(
    "BAD_READINGS",
    fault,
    "expected finite readings, each with a positive finite standard deviation; leave missing readings out",
  );
}

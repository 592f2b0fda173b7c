import { TwinError } from "../../errors.ts";
import { entry } from "../../linear-algebra/matrix.ts";
import type { Distribution } from "../../probability/distribution.ts";
import type { Dice } from "../../random/dice.ts";
import { ascend, type Climbable, type Summit } from "./ascent.ts";
import { type FunctionValues, GaussianProcess, processWhere } from "./gaussian-process.ts";
import type { Kernel } from "./kernel.ts";

export interface GaussianProcessFit {
  readonly process: GaussianProcess;
  readonly kernel: Kernel;
  /** sd of the noise of every value; as given unless it was learnt. */
  readonly noise: number | Float64Array;
  readonly logMarginalLikelihood: number;
  /** Whether the best climb ended at a summit. */
  readonly converged: boolean;
  /** Climbs that ended within 0.01 of the best: one of many says that the likelihood has several summits. */
  readonly agreeing: number;
  readonly starts: number;
}

export interface FitOptions {
  /** Learn one noise sd, shared by all values, from that of `data`, which must be a number. */
  readonly learnNoise?: boolean;
  /** Priors on the natural scale by the ids of the hyperparameters ("noise" for the noise); none = maximum likelihood. */
  readonly priors?: Readonly<Record<string, Distribution>>;
  readonly mean?: number;
  /** Climbs: the first from the kernel's own values, the others from around it. Default 5 with dice, else 1. */
  readonly starts?: number;
  readonly dice?: Dice;
}

/** Starts are spread over e^±2 around the kernel's own values: correlation lengths are rarely guessed better. */
const SPREAD = 2;

/**
 * The hyperparameters that make the values most likely, or most probable under priors:
 *
 *     φ̂ = argmax ln p(y | φ) + Σ ln p(φ_k)
 *
 * by quasi-Newton steps in ln φ with exact gradients. A point estimate: with few values it hides what is not known of φ;
 * a `DensityProblem` over φ does not.
 * @throws {TwinError} BAD_OPTION; what `GaussianProcess` throws; NO_FIT when no start had a likelihood.
 */
export function fitGaussianProcess(
  kernel: Kernel,
  data: FunctionValues,
  options: FitOptions = {},
): GaussianProcessFit {
  const learnNoise = options.learnNoise ?? false;
  const { mean = 0, starts = options.dice === undefined ? 1 : 5 } = options;
  if (learnNoise && !(typeof data.noise === "number" && data.noise > 0))
    throw new TwinError(
      "BAD_OPTION",
      "the noise to learn has no start",
      "expected data.noise to be a positive number",
    );
  if (starts > 1 && options.dice === undefined)
    throw new TwinError(
      "BAD_OPTION",
      `${starts} starts without dice`,
      "expected dice for starts beyond the first",
    );
  const values = kernel.hyperparameters.map(({ value }) => value);
  const start = Float64Array.from(learnNoise ? [...values, data.noise as number] : values, Math.log);
  const noiseAt = (x: Float64Array): number | Float64Array =>
    learnNoise ? Math.exp(entry(x, values.length)) : data.noise;
  const kernelAt = (x: Float64Array): Kernel => kernel.withValues(x.slice(0, values.length).map(Math.exp));
  const processAt = (x: Float64Array): GaussianProcess =>
    new GaussianProcess(kernelAt(x), { ...data, noise: noiseAt(x) }, mean);
  // Bad data must be told, not taken for a bad start.
  processAt(start);
  const climb = posteriorClimb(processAt, noiseAt, learnNoise, priorsOf(kernel, learnNoise, options));
  const summits = Array.from({ length: starts }, (_, index) =>
    ascend(climb, spread(start, index, options.dice)),
  )
    .filter(({ value }) => Number.isFinite(value))
    .sort((one, other) => other.value - one.value);
  const [best] = summits;
  if (best === undefined)
    throw new TwinError(
      "NO_FIT",
      "no start had a finite likelihood",
      "expected hyperparameters inside their priors",
    );
  return report(best, summits, processAt(best.x), noiseAt(best.x));
}

function report(
  best: Summit,
  summits: readonly Summit[],
  process: GaussianProcess,
  noise: number | Float64Array,
): GaussianProcessFit {
  return {
    process,
    kernel: process.kernel,
    noise,
    logMarginalLikelihood: process.logMarginalLikelihood(),
    converged: best.converged,
    agreeing: summits.filter(({ value }) => value > best.value - 0.01).length,
    starts: summits.length,
  };
}

function posteriorClimb(
  processAt: (x: Float64Array) => GaussianProcess,
  noiseAt: (x: Float64Array) => number | Float64Array,
  learnNoise: boolean,
  priors: readonly (Distribution | undefined)[],
): Climbable {
  return (x, gradient) => {
    const process = processWhere(() => processAt(x));
    if (process === undefined) return Number.NEGATIVE_INFINITY;
    gradient.set(process.gradient());
    if (learnNoise) gradient[gradient.length - 1] = process.noiseGradient(noiseAt(x) as number);
    let value = process.logMarginalLikelihood();
    for (const [index, prior] of priors.entries()) {
      if (prior === undefined) continue;
      const density = (log: number): number => prior.logDensity(Math.exp(log));
      const at = entry(x, index);
      value += density(at);
      gradient[index] =
        entry(gradient, index) + (density(at + PRIOR_STEP) - density(at - PRIOR_STEP)) / (2 * PRIOR_STEP);
    }
    return value;
  };
}

const PRIOR_STEP = 1e-5;

function priorsOf(
  kernel: Kernel,
  learnNoise: boolean,
  { priors = {} }: FitOptions,
): (Distribution | undefined)[] {
  const ids = [...kernel.hyperparameters.map(({ id }) => id), ...(learnNoise ? ["noise"] : [])];
  const stranger = Object.keys(priors).find((id) => !ids.includes(id));
  if (stranger !== undefined)
    throw new TwinError(
      "BAD_OPTION",
      `a prior for ${stranger}`,
      `expected priors for some of: ${ids.join(", ")}`,
    );
  return ids.map((id) => priors[id]);
}

function spread(start: Float64Array, index: number, dice: Dice | undefined): Float64Array {
  if (index === 0 || dice === undefined) return start;
  const own = dice.split(index);
  return start.map((value) => value + SPREAD * (2 * own.uniform() - 1));
}

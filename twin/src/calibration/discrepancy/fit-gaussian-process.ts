import { TwinError } from "../../errors.ts";
import { entry } from "../../linear-algebra/matrix.ts";
import { minimise } from "../../optimisation/minimise.ts";
import type { Minimum, Objective } from "../../optimisation/minimise-counted.ts";
import { type MultiStart, multiStart } from "../../optimisation/minimise-multi-start.ts";
import type { Distribution } from "../../probability/distribution.ts";
import type { Dice } from "../../random/dice.ts";
import { type FunctionValues, GaussianProcess, processWhere } from "./gaussian-process.ts";
import type { Kernel } from "./kernel.ts";

export interface GaussianProcessFit {
  readonly process: GaussianProcess;
  readonly kernel: Kernel;
  /** sd of the noise of every value; as given unless it was learnt. */
  readonly noise: number | Float64Array;
  readonly logMarginalLikelihood: number;
  /** Whether the best search ended at a maximum. */
  readonly converged: boolean;
  /** Searches that ended at the same maximum: one of many says that there are several. */
  readonly agreeing: number;
  readonly starts: number;
}

export interface FitOptions {
  /** Learn one noise sd, shared by all values, from that of `data`, which must be a number. */
  readonly learnNoise?: boolean;
  /** Priors on the natural scale by the ids of the hyperparameters ("noise" for the noise); none = maximum likelihood. */
  readonly priors?: Readonly<Record<string, Distribution>>;
  readonly mean?: number;
  /** Searches: the first from the kernel's own values, the others from around it. Default 5 with dice, else 1. */
  readonly starts?: number;
  readonly dice?: Dice;
}

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
  const priors = priorsOf(kernel, learnNoise, options);
  const objective: Objective = (x) => {
    const process = processWhere(() => processAt(x));
    if (process === undefined) return Number.POSITIVE_INFINITY;
    return -process.logMarginalLikelihood() - logPriors(priors, x);
  };
  const gradient = (x: Float64Array, out: Float64Array): void => {
    const process = processAt(x);
    out.set(process.gradient());
    if (learnNoise) out[values.length] = process.noiseGradient(noiseAt(x) as number);
    addPriorSlopes(priors, x, out);
    for (let index = 0; index < out.length; index++) out[index] = -entry(out, index);
  };
  const { best, agreeing } = search(objective, gradient, start, starts, options.dice);
  const process = processAt(best.x);
  return {
    process,
    kernel: process.kernel,
    noise: noiseAt(best.x),
    logMarginalLikelihood: process.logMarginalLikelihood(),
    converged: best.converged,
    agreeing,
    starts,
  };
}

/** Starts are spread over e^±2 around the kernel's own values: correlation lengths are rarely guessed better. */
const SPREAD = 2;

function search(
  objective: Objective,
  gradient: (x: Float64Array, out: Float64Array) => void,
  start: Float64Array,
  starts: number,
  dice: Dice | undefined,
): Pick<MultiStart, "best" | "agreeing"> {
  if (dice === undefined || starts === 1)
    return { best: found(minimise(objective, start, { gradient })), agreeing: 1 };
  const box = { low: start.map((value) => value - SPREAD), high: start.map((value) => value + SPREAD) };
  const result = multiStart(objective, box, dice, { starts: starts - 1, first: [start], gradient });
  return { best: found(result.best), agreeing: result.agreeing };
}

function found(minimum: Minimum): Minimum {
  if (Number.isFinite(minimum.value)) return minimum;
  throw new TwinError(
    "NO_FIT",
    "no start had a finite likelihood",
    "expected hyperparameters inside their priors",
  );
}

const logPriors = (priors: readonly (Distribution | undefined)[], x: Float64Array): number =>
  priors.reduce((sum, prior, index) => sum + (prior?.logDensity(Math.exp(entry(x, index))) ?? 0), 0);

function addPriorSlopes(
  priors: readonly (Distribution | undefined)[],
  x: Float64Array,
  out: Float64Array,
): void {
  for (const [index, prior] of priors.entries()) {
    if (prior === undefined) continue;
    const density = (offset: number): number => prior.logDensity(Math.exp(entry(x, index) + offset));
    out[index] = entry(out, index) + (density(PRIOR_STEP) - density(-PRIOR_STEP)) / (2 * PRIOR_STEP);
  }
}

/** Step over which log priors are differenced in ln φ; their formulas are good to round-off. */
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

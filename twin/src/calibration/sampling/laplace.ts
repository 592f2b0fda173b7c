import { TwinError } from "../../errors.ts";
import { effectiveSize } from "../../estimation/particle/log-weights.ts";
import { cholesky, logDeterminant } from "../../linear-algebra/cholesky.ts";
import { entry, timesVector } from "../../linear-algebra/matrix.ts";
import { standardNormalQuantile } from "../../probability/normal.ts";
import type { Dice } from "../../random/dice.ts";
import { Evaluator, type FailurePolicy } from "../problem/evaluator.ts";
import type { DensityProblem } from "../problem/problem.ts";
import {
  type CalibrationFinding,
  type CalibrationResult,
  QUANTILES,
  type UnknownSummary,
} from "../problem/result.ts";
import { Target } from "../problem/target.ts";
import { findMode, type Mode } from "./mode.ts";
import { nothingKnown } from "./nothing-known.ts";
import { logPosterior, startsOf } from "./reference.ts";
import { runFindings } from "./summaries.ts";

export interface LaplaceOptions {
  readonly dice: Dice;
  /** θ to climb from. Default: the unknowns' `start`s, else the best of some draws from the prior. */
  readonly start?: ArrayLike<number>;
  /** Points at which the Gaussian is compared with the posterior; 0 to spare the runs. Default 200. */
  readonly checks?: number;
  readonly failures?: FailurePolicy;
}

/**
 * The Gaussian with the posterior's mode and curvature, in unbounded coordinates z:
 *
 *     q(z) = N(ẑ, Σ),  Σ⁻¹ = −∂² ln p(z | y),   ln p(y) ≈ ln p(ẑ, y) + ½ ln det 2πΣ
 *
 * Mean, sd and quantiles are those of θ(z) under q. Exact for linear models with Gaussian noise and priors; else good to the
 * extent that the posterior is Gaussian in z, which importance ratios p/q at draws from q check ("not a Gaussian" when too few
 * of them count). Knows one mode only; tails that q never visits stay unseen.
 *
 * Without an inner maximum (`converged: false`, "no inner maximum") there is no Gaussian and every number is NaN.
 * @see Tierney & Kadane (1986), JASA 81.
 */
export function laplace(problem: DensityProblem, options: LaplaceOptions): CalibrationResult {
  if (options.checks !== undefined && options.checks !== 0 && !(options.checks >= FEWEST_CHECKS))
    throw new TwinError(
      "BAD_CHECKS",
      `${options.checks} points to check the Gaussian at`,
      `expected 0 or at least ${FEWEST_CHECKS}`,
    );
  const target = new Target(problem);
  const evaluator = new Evaluator(options.failures);
  const density = (z: Float64Array): number => logPosterior(target, z, evaluator);
  const { start, proper } = startsOf(target, options.dice.split("start"), density);
  const search = findMode(
    density,
    options.start === undefined ? start : target.coordinates.fromNatural(options.start),
  );
  if (!search.found) {
    const reason = `${search.reason}: sample instead (smc or ensemble-mcmc), or write the hierarchy with standardised unknowns`;
    return nothingKnown("laplace", target, "no inner maximum", reason, evaluator.counts());
  }
  const { mode } = search;
  const shape = checkedShape(target, mode, density, options);
  const runs = evaluator.counts();
  const evidence =
    mode.logDensity + 0.5 * (target.size * Math.log(2 * Math.PI) + logDeterminant(cholesky(mode.covariance)));
  return {
    method: "laplace",
    summaries: gaussianSummaries(target, mode),
    gaussian: { mode: mode.at, modeNatural: target.natural(mode.at), covariance: mode.covariance },
    ...(proper ? { logEvidence: { value: evidence } } : {}),
    converged: true,
    runs,
    findings: [...shape, ...runFindings(runs, target)],
  };
}

/** Effective share of importance draws below which the Gaussian is not the posterior: its sds are then off by some 10 %. */
const ALIKE = 0.85;
const FEWEST_CHECKS = 25;

/** Compares p and q by importance ratios at draws from q. */
function checkedShape(
  target: Target,
  mode: Mode,
  density: (z: Float64Array) => number,
  { dice, checks = 200 }: LaplaceOptions,
): CalibrationFinding[] {
  if (checks === 0) return [];
  const factor = cholesky(mode.covariance);
  const stream = dice.split("checks");
  const ratios = Float64Array.from({ length: checks }, () => {
    const noise = Float64Array.from({ length: target.size }, () => stream.normal());
    const z = timesVector(factor, noise).map((value, index) => value + entry(mode.at, index));
    return density(z) - mode.logDensity + noise.reduce((sum, value) => sum + value * value, 0) / 2;
  });
  const share = effectiveSize(ratios) / checks;
  if (share >= ALIKE) return [];
  const text = `only ${(100 * share).toFixed(0)} % of draws from the Gaussian would count as draws from the posterior: its sds and quantiles are rough; sample instead`;
  return [{ kind: "not a Gaussian", text }];
}

/** Half-width of the grid over a standard normal, and its points: the trapezoid rule is then exact to 1e-12 for smooth θ(z). */
const REACH = 9;
const NODES = 361;

/** Moments and quantiles of each θ(z) under its Gaussian margin. */
export function gaussianSummaries(target: Target, mode: Mode): UnknownSummary[] {
  const nodes = Float64Array.from({ length: NODES }, (_, node) => (2 * REACH * node) / (NODES - 1) - REACH);
  const weights = nodes.map((node) => Math.exp(-0.5 * node * node));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return target.problem.unknowns.map(({ id, unit, prior }, index) => {
    const sdZ = Math.sqrt(mode.covariance.get(index, index));
    const at = (deviation: number): number => {
      const z = mode.at.slice();
      z[index] = entry(mode.at, index) + deviation * sdZ;
      return entry(target.natural(z), index);
    };
    const values = nodes.map(at);
    const mean = values.reduce((sum, value, node) => sum + (entry(weights, node) / total) * value, 0);
    const variance = values.reduce(
      (sum, value, node) => sum + (entry(weights, node) / total) * (value - mean) ** 2,
      0,
    );
    const [low, high] = prior.support;
    const falling = low === Number.NEGATIVE_INFINITY && high < Number.POSITIVE_INFINITY;
    return {
      id,
      ...(unit === undefined ? {} : { unit }),
      mean,
      sd: Math.sqrt(variance),
      quantiles: QUANTILES.map((probability) => ({
        probability,
        value: at(standardNormalQuantile(falling ? 1 - probability : probability)),
      })),
    };
  });
}

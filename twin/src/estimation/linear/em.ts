import { TwinError } from "../../errors.ts";
import { matrixOf } from "./arrays.ts";
import { maximise } from "./em-maximise.ts";
import type { EmTargets, Expected } from "./em-targets.ts";
import { kalmanFilter } from "./filter.ts";
import { linearModel, type ModelMatrices } from "./linear-model.ts";
import type { LinearModel } from "./model.ts";
import { checkedSeries, type Readings } from "./readings.ts";
import { smooth } from "./smoother.ts";

export interface EmOptions {
  readonly estimate: EmTargets;
  /** Most steps; 100 when absent. */
  readonly iterations?: number;
  /** Stop when a step gains less than this; 0 (never) when absent. */
  readonly tolerance?: number;
}

export interface EmResult {
  readonly matrices: ModelMatrices;
  readonly model: LinearModel;
  /** Log-likelihood (convention "omit") before each step, and after the last. Never falls. */
  readonly logLikelihoods: readonly number[];
  /** Whether the tolerance was met. EM slows down near the maximum: finish with `polishNoise`. */
  readonly converged: boolean;
}

/**
 * Expectation–maximisation for the matrices of a linear model, from one step to the next.
 *
 *     E: smoothed states with lag-one covariances.      M: each matrix as if the states had been seen, for instance
 *     Q = mean of E[w wᵀ],  w = x_k − F x_{k−1} − c;    R = mean of E[v vᵀ],  v = y_k − Z x_k − d
 *
 * The likelihood cannot fall; when it does, numbers have gone wrong and LIKELIHOOD_FELL says where. Missing components of a
 * reading are latent. Readings must be one step apart.
 *
 * @throws {TwinError} LIKELIHOOD_FELL; UNEVEN_STEP; PARTIAL_ROWS when Z or d is estimated from incomplete rows with full R;
 *   BAD_TARGET; everything that `kalmanFilter` throws.
 * @see Shumway & Stoffer (1982), J. Time Series Analysis 3(4); Durbin & Koopman (2012), §7.3.4.
 */
export function expectationMaximisation(
  matrices: ModelMatrices,
  readings: Readings,
  { estimate, iterations = 100, tolerance = 0 }: EmOptions,
): EmResult {
  checkTargets(matrices, estimate);
  const series = withStart(matrices, readings);
  let current = startingThere(matrices);
  const logLikelihoods: number[] = [];
  let converged = false;
  for (let iteration = 0; ; iteration++) {
    const filtered = kalmanFilter(linearModel(current), series);
    checkRise(logLikelihoods, filtered.logLikelihood);
    const gained = filtered.logLikelihood - (logLikelihoods.at(-1) ?? Number.NEGATIVE_INFINITY);
    logLikelihoods.push(filtered.logLikelihood);
    converged = tolerance > 0 && gained < tolerance;
    if (converged || iteration >= iterations) break;
    const expected: Expected = { steps: filtered.steps, smoothed: smooth(filtered) };
    current = maximise(current, expected, estimate);
  }
  const result = backFrom(current, matrices);
  return { matrices: result, model: linearModel(result), logLikelihoods, converged };
}

/**
 * A fall that is lost in rounding is none: 1e-10 of the value.
 * @throws {TwinError} LIKELIHOOD_FELL.
 */
export function checkRise(before: readonly number[], now: number): void {
  const last = before.at(-1);
  if (last === undefined || now >= last - 1e-10 * Math.abs(last)) return;
  throw new TwinError(
    "LIKELIHOOD_FELL",
    `step ${before.length} of EM changed the log-likelihood from ${last} to ${now}`,
    "EM cannot lose: look for a nearly singular noise, and estimate it diagonal or fit it with maximumLikelihood",
  );
}

function checkTargets(matrices: ModelMatrices, targets: EmTargets): void {
  const refuse = (target: string, why: string): never => {
    throw new TwinError(
      "BAD_TARGET",
      `${target} cannot be estimated: ${why}`,
      "fix it, or fit with maximumLikelihood",
    );
  };
  if (targets.drift && isRows(matrices.drift)) refuse("drift", "it is given per reading");
  if (targets.offset && isRows(matrices.offset)) refuse("offset", "it is given per reading");
  if (typeof matrices.observation === "function" && (targets.observation || targets.offset))
    refuse("observation", "it changes from reading to reading");
  if (targets.start && matrices.start.diffuse !== undefined) refuse("start", "it is diffuse");
}

const isRows = (value: ModelMatrices["drift"]): value is readonly ArrayLike<number>[] =>
  Array.isArray(value) && typeof value[0] !== "number";

/** Where the start lies before the first reading, it becomes a step of its own with nothing read. */
function withStart(matrices: ModelMatrices, readings: Readings): Readings {
  const { at = "first reading" } = matrices.start;
  const outputs = matrixOf(matrices.observationNoise, "the observation noise").rows;
  const series = checkedSeries(readings, outputs, at);
  const { times } = series;
  const rows = Array.from(times, (_, index) => series.row(index));
  if (at === "first reading" || at === times[0]) return { times, values: rows };
  return {
    times: Float64Array.of(at, ...times),
    values: [new Float64Array(outputs).fill(Number.NaN), ...rows],
  };
}

/** The same model with every per-reading row moved by the step that was put in front. */
function startingThere(matrices: ModelMatrices): ModelMatrices {
  const { start, drift, offset, observation } = matrices;
  const { at = "first reading", ...rest } = start;
  if (at === "first reading") return matrices;
  return {
    ...matrices,
    start: rest,
    observation:
      typeof observation === "function" ? (step) => observation(Math.max(step - 1, 0)) : observation,
    ...(isRows(drift) && { drift: [drift[0] as ArrayLike<number>, ...drift] }),
    ...(isRows(offset) && { offset: [offset[0] as ArrayLike<number>, ...offset] }),
  };
}

function backFrom(current: ModelMatrices, original: ModelMatrices): ModelMatrices {
  const { at } = original.start;
  return {
    ...current,
    observation: typeof original.observation === "function" ? original.observation : current.observation,
    start: at === undefined ? current.start : { ...current.start, at },
    ...(isRows(original.drift) && { drift: original.drift }),
    ...(isRows(original.offset) && { offset: original.offset }),
  };
}

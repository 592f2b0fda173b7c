import { blockDiagonal } from "../../../linear-algebra/blocks.ts";
import { Matrix, multiply, shapeError } from "../../../linear-algebra/matrix.ts";
import { checkedVariance, type MatrixLike, matrixOf, type VectorLike, vectorOf } from "../arrays.ts";
import type { LinearModel, Observation, Start, Transition } from "../model.ts";
import { checkStart } from "../model-checks.ts";

/**
 * A part of what a sensor sees, with its own states: signal_k = Z_k x_k. Parts are added with `sum` and become a model with
 * `observed`.
 */
export interface Component {
  readonly states: number;
  /** Outputs that the part contributes to; 1 for everything that is one signal. */
  readonly outputs: number;
  /** What is known of the states beforehand; the time at which it holds is chosen by `observed`. */
  readonly start: Omit<Start, "at">;
  transition(elapsed: number, step: number): Transition;
  /** Z_k, m × n. */
  loading(step: number): Matrix;
}

/** What a component's start may be replaced with: a mean, a covariance, or diffuse directions; zeros where absent. */
export interface ComponentStart {
  readonly mean?: VectorLike;
  readonly covariance?: MatrixLike;
  readonly diffuse?: readonly number[] | "all" | Matrix;
}

/** What `observed` needs beside the signal. */
export interface Sensors {
  /** R: one variance, or m × m. */
  readonly noise: number | MatrixLike;
  /** d, m; zeros when absent. */
  readonly offset?: VectorLike;
  /** Time at which the start holds; "first reading" when absent. */
  readonly at?: number | "first reading";
}

/**
 * A model of what sensors read of a signal: y = signal + d + v, v ~ N(0, R).
 * @throws {TwinError} BAD_SHAPE, BAD_VALUE, NOT_FINITE, NOT_POSITIVE_SEMIDEFINITE.
 */
export function observed(component: Component, { noise, offset, at }: Sensors): LinearModel {
  const { states, outputs } = component;
  const matrix =
    typeof noise === "number"
      ? Matrix.diagonal([checkedVariance(noise, "the observation noise")])
      : matrixOf(noise, "the observation noise");
  if (matrix.rows !== outputs)
    throw shapeError(`noise of ${matrix.rows} outputs for a signal of ${outputs}`, `${outputs} × ${outputs}`);
  const constant = offset === undefined ? {} : { offset: vectorOf(offset, "the offset") };
  let last: Observation = { matrix: component.loading(0), noise: matrix, ...constant };
  const model: LinearModel = {
    states,
    outputs,
    start: { ...component.start, at: at ?? "first reading" },
    transition: (elapsed, step) => component.transition(elapsed, step),
    observation: (step) => {
      const loading = component.loading(step);
      if (loading !== last.matrix) last = { matrix: loading, noise: matrix, ...constant };
      return last;
    },
  };
  checkStart(model);
  return model;
}

/**
 * The sum of independent parts; their states are stacked in the given order.
 * @throws {TwinError} BAD_SHAPE unless all contribute to the same number of outputs.
 */
export function sum(...parts: readonly [Component, ...Component[]]): Component {
  const [first] = parts;
  const odd = parts.find(({ outputs }) => outputs !== first.outputs);
  if (odd !== undefined)
    throw shapeError(
      `a sum of parts with ${first.outputs} and ${odd.outputs} outputs`,
      "equal outputs: use loadedOn to spread a signal over several",
    );
  return {
    states: parts.reduce((total, { states }) => total + states, 0),
    outputs: first.outputs,
    start: stackedStart(parts.map(({ start }) => start)),
    transition: combined(parts),
    loading: keptWhileSame(
      (step) => parts.map((part) => part.loading(step)),
      (loadings) => sideBySide(loadings, first.outputs),
    ),
  };
}

/**
 * One signal seen by several outputs: output i reads weights[i] times the component's signal. A weight of 0 hides it.
 * @throws {TwinError} BAD_SHAPE unless the component is one signal.
 */
export function loadedOn(component: Component, weights: VectorLike): Component {
  if (component.outputs !== 1) throw shapeError(`a component of ${component.outputs} outputs`, "one signal");
  const column = new Matrix(weights.length, 1, vectorOf(weights, "the weights"));
  return {
    ...component,
    outputs: weights.length,
    transition: (elapsed, step) => component.transition(elapsed, step),
    loading: keptWhileSame(
      (step) => [component.loading(step)],
      ([loading]) => multiply(column, loading as Matrix),
    ),
  };
}

function combined(parts: readonly Component[]): Component["transition"] {
  let kept: { readonly from: readonly Transition[]; readonly result: Transition } | undefined;
  return (elapsed, step) => {
    const from = parts.map((part) => part.transition(elapsed, step));
    if (kept?.from.every((one, index) => one === from[index])) return kept.result;
    const result = stackedTransition(from);
    kept = { from, result };
    return result;
  };
}

function stackedTransition(parts: readonly Transition[]): Transition {
  const matrix = blockDiagonal(parts.map((part) => part.matrix));
  const noise = blockDiagonal(parts.map((part) => part.noise));
  if (parts.every(({ drift }) => drift === undefined)) return { matrix, noise };
  const drift = parts.flatMap((part) => Array.from(part.drift ?? new Float64Array(part.matrix.rows)));
  return { matrix, noise, drift: Float64Array.from(drift) };
}

function stackedStart(parts: readonly Omit<Start, "at">[]): Omit<Start, "at"> {
  const mean = Float64Array.from(parts.flatMap((part) => Array.from(part.mean)));
  const covariance = blockDiagonal(parts.map((part) => part.covariance));
  const directions = blockDiagonal(parts.map((part) => part.diffuse ?? new Matrix(part.mean.length, 0)));
  return directions.columns === 0 ? { mean, covariance } : { mean, covariance, diffuse: directions };
}

/** Recomputes only when one of the ingredients is another object than last time. */
function keptWhileSame(
  ingredients: (step: number) => readonly Matrix[],
  compute: (from: readonly Matrix[]) => Matrix,
): (step: number) => Matrix {
  let kept: { readonly from: readonly Matrix[]; readonly result: Matrix } | undefined;
  return (step) => {
    const from = ingredients(step);
    if (kept?.from.every((one, index) => one === from[index])) return kept.result;
    const result = compute(from);
    kept = { from, result };
    return result;
  };
}

function sideBySide(blocks: readonly Matrix[], rows: number): Matrix {
  const columns = blocks.reduce((total, block) => total + block.columns, 0);
  const result = new Matrix(rows, columns);
  let left = 0;
  for (const block of blocks) {
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < block.columns; column++)
        result.set(row, left + column, block.get(row, column));
    left += block.columns;
  }
  return result;
}

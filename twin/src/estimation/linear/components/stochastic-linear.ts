import { TwinError } from "../../../errors.ts";
import { type DiscretisedInput, discretise, discretiseInput } from "../../../linear-algebra/discretise.ts";
import { Matrix, shapeError, timesVector } from "../../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../../linear-algebra/semidefinite.ts";
import { type MatrixLike, matrixOf, vectorOf } from "../arrays.ts";
import { startOf } from "../linear-model.ts";
import type { Transition } from "../model.ts";
import { settledCovariance } from "../stationary.ts";
import { keptByElapsed } from "../travel.ts";
import type { Component, ComponentStart } from "./component.ts";

export interface StochasticLinear {
  /** A, n × n, per unit of time. */
  readonly dynamics: MatrixLike;
  /** W, n × n: spectral density of the noise, state² per unit of time; G Gᵀ for noise G dW. Zeros when absent. */
  readonly density?: MatrixLike;
  /** C, m × n: what the outputs see of the state. */
  readonly loading: MatrixLike;
  /** Known inputs u. */
  readonly inputs?: {
    /** B, n × k. */
    readonly matrix: MatrixLike;
    /** One row of k numbers per reading: u at the time of that reading. */
    readonly values: readonly ArrayLike<number>[];
    /**
     * Between readings each input holds its last value ("zero-order") or runs straight to the next ("first-order"); one for
     * all, or one for each. The wrong one biases time constants.
     */
    readonly hold: Hold | readonly Hold[];
  };
  /** "stationary" for the distribution that the noise alone settles in, around zero. */
  readonly start: ComponentStart | "stationary";
}

export type Hold = "zero-order" | "first-order";

/**
 * Any linear stochastic differential equation, such as a network of thermal resistances and capacities, discretised exactly
 * over any elapsed time.
 *
 *     dx = (A x + B u) dt + noise of density W,   outputs see C x
 *     x(t + Δ) = e^{AΔ} x(t) + Γ₀ u(t) + Γ₁ u(t + Δ) + w,  w ~ N(0, ∫₀^Δ e^{As} W e^{Aᵀs} ds)
 *
 * Before the first reading the inputs are taken as they were at the first reading.
 *
 * @throws {TwinError} BAD_SHAPE, NOT_FINITE, NOT_POSITIVE_SEMIDEFINITE; NOT_STATIONARY; TOO_FEW_ROWS when there are more
 *   readings than rows of inputs; OVERFLOW for a growing mode over a long gap.
 * @see Van Loan (1978), IEEE Trans. Automatic Control 23(3); Särkkä & Solin (2019), Applied Stochastic Differential
 *   Equations, §6.
 */
export function stochasticLinear(options: StochasticLinear): Component {
  const dynamics = matrixOf(options.dynamics, "the dynamics");
  const states = dynamics.rows;
  if (dynamics.columns !== states)
    throw shapeError(`dynamics of ${states} × ${dynamics.columns}`, "a square matrix");
  const density =
    options.density === undefined ? new Matrix(states, states) : matrixOf(options.density, "the density");
  if (density.rows !== states) throw shapeError(`a density of ${density.rows} rows`, `${states} × ${states}`);
  semidefiniteFactor(density, "the density");
  const loading = matrixOf(options.loading, "the loading");
  if (loading.columns !== states)
    throw shapeError(`a loading of ${loading.columns} columns`, `${states} states`);
  const free = keptByElapsed((elapsed) => {
    const { transition, noise } = discretise(dynamics, density, elapsed);
    return { matrix: transition, noise };
  });
  const { mean, covariance, diffuse } = startOf(startMatrices(options.start, dynamics, density), states);
  return {
    states,
    outputs: loading.rows,
    start: diffuse === undefined ? { mean, covariance } : { mean, covariance, diffuse },
    transition: options.inputs === undefined ? free : driven(dynamics, options.inputs, free),
    loading: () => loading,
  };
}

const startMatrices = (
  start: StochasticLinear["start"],
  dynamics: Matrix,
  density: Matrix,
): ComponentStart => (start === "stationary" ? { covariance: settledCovariance(dynamics, density) } : start);

function driven(
  dynamics: Matrix,
  inputs: NonNullable<StochasticLinear["inputs"]>,
  free: (elapsed: number) => Transition,
): Component["transition"] {
  const matrix = matrixOf(inputs.matrix, "the input matrix");
  if (matrix.rows !== dynamics.rows)
    throw shapeError(`an input matrix of ${matrix.rows} rows`, `${dynamics.rows} states`);
  const rows = inputs.values.map((row, index) => {
    if (row.length !== matrix.columns)
      throw shapeError(`row ${index} of the inputs has ${row.length} entries`, `${matrix.columns}`);
    return vectorOf(row, `row ${index} of the inputs`);
  });
  const holds = typeof inputs.hold === "string" ? rows[0]?.length : inputs.hold.length;
  if (holds !== matrix.columns) throw shapeError(`${holds} inputs or holds`, `${matrix.columns} of each`);
  const isHeld = (input: number): boolean =>
    (typeof inputs.hold === "string" ? inputs.hold : inputs.hold[input]) === "zero-order";
  const responses = new Map<number, DiscretisedInput>();
  return (elapsed, step) => {
    const transition = free(elapsed);
    let response = responses.get(elapsed);
    if (response === undefined) {
      if (responses.size >= 256) responses.clear();
      response = discretiseInput(dynamics, matrix, elapsed);
      responses.set(elapsed, response);
    }
    const after = rowAt(rows, step);
    const before = step === 0 ? after : rowAt(rows, step - 1);
    const end = after.map((value, input) => (isHeld(input) ? (before[input] as number) : value));
    const first = timesVector(response.start, before);
    const second = timesVector(response.end, end);
    return { ...transition, drift: first.map((value, index) => value + (second[index] as number)) };
  };
}

function rowAt(rows: readonly Float64Array[], step: number): Float64Array {
  const row = rows[step];
  if (row !== undefined) return row;
  throw new TwinError(
    "TOO_FEW_ROWS",
    `reading ${step} has no row of inputs, of which there are ${rows.length}`,
    "give one row per reading; to forecast, also the rows of the future",
  );
}

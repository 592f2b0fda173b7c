import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import { GaussHermiteKalmanFilter } from "@plumbline/twin/estimation/nonlinear/gauss-hermite";
import { LinearKalmanFilter } from "@plumbline/twin/estimation/nonlinear/linear-kalman";
import type { SquareRootFilter } from "@plumbline/twin/estimation/nonlinear/square-root-filter";
import { SquareRootUnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/square-root-unscented";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";

export type MakeGaussian = (system: StochasticSystem, start: Start) => SquareRootFilter;

/** The matrix of a linear function, column by column. */
const matrixOf = (
  rows: number,
  columns: number,
  map: (input: Float64Array, out: Float64Array) => void,
): Matrix => {
  const matrix = new Matrix(rows, columns);
  const out = new Float64Array(rows);
  for (let column = 0; column < columns; column++) {
    const unit = new Float64Array(columns);
    unit[column] = 1;
    map(unit, out);
    for (let row = 0; row < rows; row++) matrix.set(row, column, out[row]!);
  }
  return matrix;
};

/** The Kalman filter of a linear system that is given by its functions. */
export const kalmanOf: MakeGaussian = (system, start) =>
  new LinearKalmanFilter(
    {
      states: system.states,
      outputs: system.outputs,
      transition: (from, to) =>
        matrixOf(system.states, system.states, (state, out) => system.advance(state, from, to, out)),
      processNoise: (from, to) => system.processNoise(from, to),
      observation: (at) =>
        matrixOf(system.outputs, system.states, (state, out) => system.observe(state, at, out)),
      observationNoise: system.observationNoise,
    },
    start,
  );

/** Every Gaussian filter, with each kind of weights. */
export const GAUSSIAN_FILTERS: readonly (readonly [string, MakeGaussian])[] = [
  ["Kalman", kalmanOf],
  ["extended", (system, start) => new ExtendedKalmanFilter(system, start)],
  ["iterated extended", (system, start) => new ExtendedKalmanFilter(system, start, { iterations: 5 })],
  ["unscented", (system, start) => new UnscentedKalmanFilter(system, start)],
  ["unscented, β = 2", (system, start) => new UnscentedKalmanFilter(system, start, { beta: 2 })],
  [
    "unscented, α = 0.5, κ = 1 (w₀ᶜ < 0)",
    (system, start) => new UnscentedKalmanFilter(system, start, { alpha: 0.5, kappa: 1 }),
  ],
  ["square-root unscented", (system, start) => new SquareRootUnscentedKalmanFilter(system, start)],
  [
    "square-root unscented, α = 0.5, β = 2, κ = 1 (w₀ᶜ < 0)",
    (system, start) => new SquareRootUnscentedKalmanFilter(system, start, { alpha: 0.5, beta: 2, kappa: 1 }),
  ],
  ["cubature", (system, start) => new CubatureKalmanFilter(system, start)],
  [
    "cubature with posterior linearisation",
    (system, start) => new CubatureKalmanFilter(system, start, { iterations: 4 }),
  ],
];

export const gaussHermite: MakeGaussian = (system, start) => new GaussHermiteKalmanFilter(system, start);

import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { cholesky, solveCholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, multiply, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";

/** The linear system that references and filters share: F(s, t), Q(s, t), H, R. */
export interface LinearModel {
  readonly transition: (from: number, to: number) => Matrix;
  readonly processNoise: (from: number, to: number) => Matrix;
  readonly observation: Matrix;
  readonly observationNoise: Matrix;
}

/** A linear model as nonlinear filters take it, without Jacobians. */
export function systemOf(model: LinearModel): StochasticSystem {
  let last: { from: number; to: number; transition: Matrix } | undefined;
  const transition = (from: number, to: number): Matrix => {
    if (last?.from !== from || last.to !== to) last = { from, to, transition: model.transition(from, to) };
    return last.transition;
  };
  return {
    states: model.observation.columns,
    outputs: model.observation.rows,
    advance: (state, from, to, out) => out.set(timesVector(transition(from, to), state)),
    observe: (state, _at, out) => out.set(timesVector(model.observation, state)),
    processNoise: model.processNoise,
    observationNoise: model.observationNoise,
  };
}

/** The textbook Kalman filter on full matrices, written for comparison: x⁻ = F x, P⁻ = F P Fᵀ + Q; K = P⁻ Hᵀ S⁻¹. */
export class ReferenceKalman {
  readonly #model: LinearModel;
  at: number;
  mean: Float64Array;
  covariance: Matrix;

  constructor(model: LinearModel, start: { at: number; mean: Float64Array; covariance: Matrix }) {
    this.#model = model;
    this.at = start.at;
    this.mean = start.mean.slice();
    this.covariance = start.covariance.copy();
  }

  predict(to: number): void {
    if (to === this.at) return;
    const transition = this.#model.transition(this.at, to);
    const moved = multiply(multiply(transition, this.covariance), transition.transpose());
    this.mean = timesVector(transition, this.mean);
    this.covariance = symmetrise(plus(moved, this.#model.processNoise(this.at, to)));
    this.at = to;
  }

  update(reading: ArrayLike<number>): { logLikelihood: number; nis: number; size: number } {
    const present = Array.from(reading, (_, index) => index).filter((index) => !Number.isNaN(reading[index]));
    if (present.length === 0) return { logLikelihood: 0, nis: 0, size: 0 };
    const { observation, observationNoise } = this.#model;
    const h = Matrix.from(
      present.map((row) => Array.from(this.mean, (_, column) => observation.get(row, column))),
    );
    const r = Matrix.from(present.map((row) => present.map((column) => observationNoise.get(row, column))));
    const cross = multiply(this.covariance, h.transpose());
    const factor = cholesky(symmetrise(plus(multiply(h, cross), r)));
    const foretold = timesVector(h, this.mean);
    const innovation = Float64Array.from(present, (index, row) => reading[index]! - foretold[row]!);
    const gain = solveCholesky(factor, cross.transpose()).transpose();
    const shift = timesVector(gain, innovation);
    const weighed = solveCholesky(factor, new Matrix(present.length, 1, innovation)).data;
    const nis = innovation.reduce((sum, value, index) => sum + value * weighed[index]!, 0);
    const keep = plus(Matrix.identity(this.mean.length), multiply(gain, h), -1);
    this.mean = this.mean.map((value, index) => value + shift[index]!);
    this.covariance = symmetrise(
      plus(
        multiply(multiply(keep, this.covariance), keep.transpose()),
        multiply(multiply(gain, r), gain.transpose()),
      ),
    );
    const logDeterminant = 2 * factor.diagonal().reduce((sum, pivot) => sum + Math.log(pivot), 0);
    const logLikelihood = -0.5 * (present.length * Math.log(2 * Math.PI) + logDeterminant + nis);
    return { logLikelihood, nis, size: present.length };
  }
}

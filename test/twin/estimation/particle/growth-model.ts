import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import type { ParticleSystem } from "@plumbline/twin/estimation/particle/particle-system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";

const SD = Math.sqrt(10);
const CONSTANT = -0.5 * Math.log(2 * Math.PI);

const mode = (x: number, at: number): number => x / 2 + (25 * x) / (1 + x * x) + 8 * Math.cos(1.2 * at);

/**
 * x_t = x/2 + 25x/(1 + x²) + 8 cos 1.2t + N(0, 10), y = x²/20 + N(0, 1): two answers for every reading.
 * @see Gordon, Salmond & Smith (1993); Kitagawa (1996).
 */
export const growthModel: ParticleSystem = {
  states: 1,
  outputs: 1,
  propagate: (state, _from, to, dice, out) => {
    out[0] = mode(state[0]!, to) + SD * dice.normal();
  },
  logDensity: (reading, state) => CONSTANT - 0.5 * (reading[0]! - state[0]! ** 2 / 20) ** 2,
  lookAhead: (state, _from, to, out) => {
    out[0] = mode(state[0]!, to);
  },
  logTransition: (next, state, _from, to) =>
    CONSTANT - Math.log(SD) - (next[0]! - mode(state[0]!, to)) ** 2 / 20,
};

export const growthStart: Start = { at: 0, mean: Float64Array.of(0), covariance: Matrix.diagonal([2]) };

export interface GrowthReference {
  readonly y: readonly number[];
  readonly exact: {
    readonly loglik: number;
    readonly filter_mean: readonly number[];
    readonly smooth_mean: readonly number[];
    readonly smooth_var: readonly number[];
  };
}

export const seriesOf = (y: readonly number[]): { times: number[]; readings: Matrix } => ({
  times: y.map((_, index) => index + 1),
  readings: new Matrix(y.length, 1, Float64Array.from(y)),
});

/**
 * The first readings of the series that the reference page of the growth model uses. Their exact log-likelihood
 * is computed where it is used, on a grid.
 */
export const FIRST_READINGS: readonly number[] = [
  12.504565762663235, 0.92473262653816, 14.410457914404198, 3.2135672249636444, 0.15362904698975155,
  16.704572314539874, 1.3200594639291265, 0.0969420019854636, 4.759022570851449, 9.194551880346392,
  11.357981594030031, 2.241018354343915, 1.9144189799516884, 7.449308793439102, 2.3402342137891465,
];

/** ln p(y_1 … y_T) and the filtered means by the point-mass filter on 1,201 nodes: trapezia, spectrally accurate for these densities. */
export function gridFilter(y: readonly number[]): { logLikelihood: number; means: number[] } {
  const count = 1201;
  const step = 100 / (count - 1);
  const nodes = Float64Array.from({ length: count }, (_, index) => -50 + index * step);
  let density = nodes.map((x) => Math.exp(-(x * x) / 4) / Math.sqrt(4 * Math.PI));
  let logLikelihood = 0;
  const means: number[] = [];
  y.forEach((reading, row) => {
    const centres = nodes.map((x) => mode(x, row + 1));
    const predicted = nodes.map((x) => {
      let sum = 0;
      for (let from = 0; from < count; from++) {
        const gap = x - centres[from]!;
        if (gap * gap < 800) sum += density[from]! * Math.exp(-(gap * gap) / 20);
      }
      return (sum * step) / Math.sqrt(20 * Math.PI);
    });
    const joint = predicted.map(
      (value, index) => value * Math.exp(CONSTANT - 0.5 * (reading - nodes[index]! ** 2 / 20) ** 2),
    );
    const evidence = joint.reduce((sum, value) => sum + value, 0) * step;
    logLikelihood += Math.log(evidence);
    density = joint.map((value) => value / evidence);
    means.push(density.reduce((sum, value, index) => sum + value * nodes[index]!, 0) * step);
  });
  return { logLikelihood, means };
}

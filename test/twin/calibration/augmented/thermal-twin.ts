import type { ParametricSystem } from "@plumbline/twin/calibration/augmented/parametric-system";
import type { TrackedParameter } from "@plumbline/twin/calibration/augmented/tracked-parameter";
import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { log } from "@plumbline/twin/optimisation/transforms";
import type { Dice } from "@plumbline/twin/random/dice";

/*
 * A heated box, T above ambient:  C dT = (P(t) − T/R) dt + C σ dW, read every 10 minutes with noise. Discretised exactly with P
 * held.
 */
const STEP = 600;
const NOISE = 0.15;
const DIFFUSION = 0.004;
const scalar = (value: number): Matrix => new Matrix(1, 1, Float64Array.of(value));
const heat = (from: number): number => (Math.floor(from / 7200) % 2 === 0 ? 1500 : 100);

export const parameters: readonly TrackedParameter[] = [
  { id: "resistance", unit: "K/W", transform: log, mean: Math.log(0.008), sd: 0.15 },
  { id: "capacity", unit: "J/K", transform: log, mean: Math.log(1.2e6), sd: 0.15 },
];

const decay = (theta: ArrayLike<number>, from: number, to: number) => {
  const [resistance, capacity] = [theta[0]!, theta[1]!];
  const keep = Math.exp(-(to - from) / (resistance * capacity));
  const variance = ((DIFFUSION ** 2 * resistance * capacity) / 2) * (1 - keep ** 2);
  return { keep, drive: resistance * heat(from) * (1 - keep), variance };
};

export const thermal: ParametricSystem = {
  at(given) {
    const theta = [given[0]!, given[1]!];
    return {
      states: 1,
      outputs: 1,
      observationNoise: scalar(NOISE ** 2),
      advance: (state, from, to, out) => {
        const { keep, drive } = decay(theta, from, to);
        out[0] = keep * state[0]! + drive;
      },
      observe: (state, _at, out) => {
        out[0] = state[0]!;
      },
      processNoise: (from, to) => scalar(decay(theta, from, to).variance),
      transitionJacobian: (_state, from, to) => scalar(decay(theta, from, to).keep),
      observationJacobian: () => scalar(1),
    };
  },
};

export const start: Start = { at: 0, mean: Float64Array.of(3), covariance: scalar(1) };

export interface ThermalRun {
  readonly theta: readonly number[];
  readonly temperature: number;
  readonly readings: readonly number[];
}

export const timeOf = (index: number): number => STEP * (index + 1);

/** Parameters, start and noise drawn from what the filters are told. */
export function simulate(random: Dice, length: number): ThermalRun {
  const theta = parameters.map(({ mean, sd }) => Math.exp(mean + sd * random.normal()));
  let temperature = 3 + random.normal();
  const readings = Array.from({ length }, (_, index) => {
    const { keep, drive, variance } = decay(theta, STEP * index, STEP * (index + 1));
    temperature = keep * temperature + drive + Math.sqrt(variance) * random.normal();
    return temperature + NOISE * random.normal();
  });
  return { theta, temperature, readings };
}

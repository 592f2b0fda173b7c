import type { EnsembleAnalysis } from "@plumbline/twin/estimation/ensemble/analysis";
import { EnsembleFilter } from "@plumbline/twin/estimation/ensemble/ensemble-filter";
import {
  type Localisation,
  localisation,
  ringDistance,
} from "@plumbline/twin/estimation/ensemble/localisation";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { type Dice, dice } from "@plumbline/twin/random/dice";
import { rungeKutta, type Tendency } from "./lorenz.ts";

/** A perfect-model experiment: a truth is run, observed with noise, and estimated by a filter that knows both laws. */
export interface TwinExperiment {
  readonly tendency: Tendency;
  /** Of the truth at time 0; every member is drawn from N(start, startVariance I), and so is the truth. */
  readonly start: readonly number[];
  readonly startVariance: number;
  readonly step: number;
  /** Model steps between readings. */
  readonly every: number;
  /** Which states are observed. */
  readonly observed: readonly number[];
  /** Variance of the sensors' noise, which is independent. */
  readonly noise: number;
  readonly heavyTailed?: boolean;
  /** Readings in all, and those not counted. */
  readonly cycles: number;
  readonly burnIn: number;
}

export interface Method {
  readonly members: number;
  readonly analysis: EnsembleAnalysis;
  readonly inflation?: number;
  readonly rotate?: boolean;
}

/** Time means after the burn-in of √mean_k (x̄_k − x_k)² and of the spread, after each analysis. */
export interface Score {
  readonly rmse: number;
  readonly spread: number;
  readonly filter: EnsembleFilter;
}

export function runTwin(experiment: TwinExperiment, method: Method, seed: string | number): Score {
  const { start, startVariance, step, every, observed, noise, cycles, burnIn } = experiment;
  const size = start.length;
  const advance = rungeKutta(experiment.tendency, size, step);
  const system: StochasticSystem = {
    states: size,
    outputs: observed.length,
    advance,
    observe: (state, _at, out) => {
      for (let row = 0; row < observed.length; row++) out[row] = state[observed[row]!]!;
    },
    processNoise: () => new Matrix(size, size),
    observationNoise: Matrix.diagonal(new Float64Array(observed.length).fill(noise)),
  };
  const random = dice(seed);
  const nature = random.split("nature");
  const mean = Float64Array.from(start);
  let truth: Float64Array = mean.map((value) => value + Math.sqrt(startVariance) * nature.normal());
  const filter = new EnsembleFilter(
    system,
    { at: 0, mean, covariance: Matrix.diagonal(new Float64Array(size).fill(startVariance)) },
    { ...method, dice: random.split("filter") },
  );
  let errors = 0;
  let spreads = 0;
  const reading = new Float64Array(observed.length);
  for (let cycle = 0; cycle < cycles; cycle++) {
    const [from, to] = [cycle * every * step, (cycle + 1) * every * step];
    const next = new Float64Array(size);
    advance(truth, from, to, next);
    truth = next;
    observed.forEach((state, row) => {
      reading[row] =
        truth[state]! + Math.sqrt(noise) * (experiment.heavyTailed ? laplace(nature) : nature.normal());
    });
    filter.predict(to);
    filter.update(reading);
    if (cycle < burnIn) continue;
    errors += rootMeanSquare(filter.mean(), truth);
    spreads += filter.spread();
  }
  const counted = cycles - burnIn;
  return { rmse: errors / counted, spread: spreads / counted, filter };
}

/** Variance 1. */
const laplace = (random: Dice): number => {
  const size = -Math.log(random.uniform()) / Math.SQRT2;
  return random.uniform() < 0.5 ? -size : size;
};

function rootMeanSquare(estimate: Float64Array, truth: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < truth.length; index++) sum += (estimate[index]! - truth[index]!) ** 2;
  return Math.sqrt(sum / truth.length);
}

/** Taper on a ring of `size` states of which `observed` are seen. */
export const ringLocalisation = (size: number, observed: readonly number[], radius: number): Localisation =>
  localisation(
    {
      stateToOutput: (state, output) => ringDistance(state, observed[output]!, size),
      outputToOutput: (one, other) => ringDistance(observed[one]!, observed[other]!, size),
    },
    radius,
  );

export const everyState = (size: number): number[] => Array.from({ length: size }, (_, index) => index);

import { Matrix } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";
import { BackwardPass } from "./backward-pass.ts";
import type { Filtered, FilteredStep } from "./filtered.ts";
import { innovationOf } from "./innovation.ts";

/** What all readings together say about one instant. */
export interface SmoothedStep {
  readonly time: number;
  /** x given all readings. */
  readonly state: Gaussian;
  /** Cov(x_k, x_{k−1}) given all readings, n × n; undefined for the first step. */
  readonly lagOne: Matrix | undefined;
  /** w of the transition that led here; undefined where there was none. */
  readonly stateNoise: Gaussian | undefined;
  /** y − Z x − d of the outputs that were read, in `outputs` order of the reading: the noise v, given all readings. */
  readonly observationNoise: Gaussian;
  /** The part of the variance that stays infinite, n × n; undefined unless the readings left directions unseen. */
  readonly unseen: Matrix | undefined;
}

/**
 * The fast fixed-interval smoother: states, lag-one covariances and both noises, given all readings, through the diffuse
 * phase, without an inverse. Works where the predicted covariance is singular.
 *
 * Cost: the filter's again. Variances lose digits like P − P N P where a start covariance is huge: start diffuse instead.
 *
 * @see `BackwardPass`; de Jong & MacKinnon (1988), Biometrika 75, for the covariance of two instants.
 */
export function smooth({ model, steps, unseenDirections }: Filtered): SmoothedStep[] {
  const pass = new BackwardPass(model.states);
  const smoothed: SmoothedStep[] = [];
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index] as FilteredStep;
    const before = steps[index - 1];
    pass.read(step);
    const { unseen, ...state } = pass.smoothed(step);
    smoothed.push({
      time: step.time,
      state,
      lagOne: before && pass.lagged(step, before),
      stateNoise: step.transition && pass.stateNoise(step.transition),
      observationNoise: observationNoise(step, state),
      unseen: unseenDirections > 0 ? unseen : undefined,
    });
    if (step.transition) pass.travel(step.transition);
  }
  return smoothed.reverse();
}

/**
 * The fixed-lag smoother: each instant given the readings up to `lag` steps later (fewer at the end).
 * Cost: `lag` backward steps per instant.
 * @see Anderson & Moore (1979), Optimal Filtering, §7.3.
 */
export function smoothFixedLag({ model, steps }: Filtered, lag: number): Gaussian[] {
  return steps.map((step, index) => {
    const pass = new BackwardPass(model.states);
    for (let later = Math.min(index + lag, steps.length - 1); later > index; later--) {
      const passed = steps[later] as FilteredStep;
      pass.read(passed);
      if (passed.transition) pass.travel(passed.transition);
    }
    pass.read(step);
    const { mean, covariance } = pass.smoothed(step);
    return { mean, covariance };
  });
}

/** v = y − Z x − d over the present outputs has the moments of −Z x. */
function observationNoise({ observation, reading, split }: FilteredStep, state: Gaussian): Gaussian {
  const { outputs } = split;
  const { matrix } = observation;
  const residual = innovationOf(observation, state.mean, reading);
  const mean = new Float64Array(outputs.length);
  const covariance = new Matrix(outputs.length, outputs.length);
  const along = new Float64Array(state.mean.length);
  for (let first = 0; first < outputs.length; first++) {
    const output = outputs[first] as number;
    mean[first] = residual[output] as number;
    for (let row = 0; row < along.length; row++) {
      let sum = 0;
      for (let column = 0; column < along.length; column++)
        sum += state.covariance.get(row, column) * matrix.get(output, column);
      along[row] = sum;
    }
    for (let second = 0; second <= first; second++) {
      let sum = 0;
      for (let row = 0; row < along.length; row++)
        sum += (along[row] as number) * matrix.get(outputs[second] as number, row);
      covariance.set(first, second, sum);
      covariance.set(second, first, sum);
    }
  }
  return { mean, covariance };
}

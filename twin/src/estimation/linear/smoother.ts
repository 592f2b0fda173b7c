import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";
import type { Filtered, FilteredStep } from "./filtered.ts";
import { type Departure, departures } from "./forward-roots.ts";
import { innovationOf } from "./innovation.ts";
import { LaterReadings } from "./later-readings.ts";
import { Meeting } from "./meeting.ts";
import { NoiseRoots } from "./noise-roots.ts";

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
 * The fixed-interval smoother: states, lag-one covariances and both noises, given all readings, through the diffuse phase.
 *
 * What later readings say is carried backwards as square-root information and meets the filter's belief in one least-squares
 * problem per step. No covariance is inverted or subtracted, so singular ones are welcome, none becomes indefinite, and
 * digits last where readings that are nearly redundant end the diffuse phase.
 *
 * Cost: two to three times the filter's. A gate that gave in is smoothed as what it assumed: a jump at that reading.
 *
 * @see `LaterReadings`, `Meeting`.
 */
export function smooth(filtered: Filtered): SmoothedStep[] {
  const { model, steps, unseenDirections } = filtered;
  const noiseRoots = new NoiseRoots();
  const later = new LaterReadings(model.states, noiseRoots);
  const meeting = new Meeting(model.states, noiseRoots);
  const from = departures(filtered);
  const smoothed: SmoothedStep[] = [];
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index] as FilteredStep;
    const { transition } = step;
    const departure = from[index] as Departure;
    later.read(step.scalars);
    meeting.at(departure, transition, later, unseenDirections);
    const state = meeting.state();
    smoothed.push({
      time: step.time,
      state,
      lagOne: index > 0 ? meeting.lagOne() : undefined,
      stateNoise: transition && meeting.stateNoise(),
      observationNoise: observationNoise(step, state),
      unseen: meeting.unseen,
    });
    later.travel(transition, departure.widening);
  }
  return smoothed.reverse();
}

/**
 * The fixed-lag smoother: each instant given the readings up to `lag` steps later (fewer at the end).
 * Cost: `lag` backward steps per instant.
 * @throws {TwinError} BAD_OPTION unless `lag` is a whole number ≥ 0.
 * @see Anderson & Moore (1979), Optimal Filtering, §7.3.
 */
export function smoothFixedLag(filtered: Filtered, lag: number): Gaussian[] {
  if (!Number.isInteger(lag) || lag < 0)
    throw new TwinError("BAD_OPTION", `the lag is ${lag}`, "a lag is a whole number of steps ≥ 0");
  const { model, steps } = filtered;
  const noiseRoots = new NoiseRoots();
  const meeting = new Meeting(model.states, noiseRoots);
  const from = departures(filtered);
  return steps.map(({ transition, scalars }, index) => {
    const later = new LaterReadings(model.states, noiseRoots);
    const last = Math.min(index + lag, steps.length - 1);
    for (let passing = last; passing > index; passing--) {
      const step = steps[passing] as FilteredStep;
      later.read(step.scalars);
      later.travel(step.transition, from[passing]?.widening);
    }
    later.read(scalars);
    const unseen = steps[last]?.stillDiffuse?.columns ?? 0;
    meeting.at(from[index] as Departure, transition, later, unseen);
    return meeting.state();
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

import { TwinError } from "../../errors.ts";
import { type Matrix, timesVector } from "../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";
import type { Dice } from "../../random/dice.ts";
import { checkedCount } from "./arrays.ts";
import { kalmanFilter } from "./filter.ts";
import type { Filtered, FilteredStep } from "./filtered.ts";
import { guardedModel } from "./guarded-model.ts";
import type { LinearModel } from "./model.ts";
import { checkStart, ModelChecks } from "./model-checks.ts";
import { smooth } from "./smoother.ts";

/** Drawn states and readings of a model. */
export interface Simulated {
  readonly states: readonly Float64Array[];
  readonly readings: readonly Float64Array[];
}

/**
 * Draws states and readings at the given times; a diffuse direction starts at the start's mean, since there is nothing to
 * draw it from.
 * @throws {TwinError} as `kalmanFilter` does for the model.
 */
export function simulate(model: LinearModel, times: ArrayLike<number>, dice: Dice): Simulated {
  checkStart(model);
  const checks = new ModelChecks(model);
  const guarded = guardedModel(model);
  const roots = new Map<Matrix, Matrix>();
  const draw = (covariance: Matrix, name: string): Float64Array => {
    const root = roots.get(covariance) ?? semidefiniteFactor(covariance, name);
    if (roots.size > 64) roots.clear();
    roots.set(covariance, root);
    return timesVector(
      root,
      Float64Array.from({ length: covariance.rows }, () => dice.normal()),
    );
  };
  const states: Float64Array[] = [];
  const readings: Float64Array[] = [];
  let { at } = model.start;
  let state = added(model.start.mean, draw(model.start.covariance, "the start covariance"));
  for (let step = 0; step < times.length; step++) {
    const time = times[step] as number;
    const elapsed = at === "first reading" ? 0 : time - at;
    at = time;
    if (elapsed > 0) {
      const { matrix, drift, noise } = checks.transition(guarded.transition(elapsed, step));
      state = added(timesVector(matrix, state), draw(noise, "the process noise"));
      if (drift !== undefined) state = added(state, drift);
    }
    const { matrix, offset, noise } = checks.observation(guarded.observation(step));
    const reading = added(timesVector(matrix, state), draw(noise, "the observation noise"));
    states.push(state);
    readings.push(offset === undefined ? reading : added(reading, offset));
  }
  return { states, readings };
}

/**
 * Draws whole state paths given all readings: x̃ = x⁺ + E[x | y] − E[x | y⁺], with (x⁺, y⁺) drawn from the model.
 *
 * The mean is linear in the readings, so the difference has the right covariance, through the diffuse phase as well. Two
 * passes over the series per draw.
 *
 * @returns `count` paths of T states.
 * @throws {TwinError} BAD_OPTION for a run in which robust or adaptive options changed what was taken.
 * @see Durbin & Koopman (2002), Biometrika 89; (2012), §4.9.
 */
export function simulationSmoother(filtered: Filtered, count: number, dice: Dice): Float64Array[][] {
  const { model, steps } = filtered;
  checkedCount(count, 0, "the number of paths");
  if (steps.some(isNotPlain))
    throw new TwinError(
      "BAD_OPTION",
      "the filtered run is a robust or adaptive one: its readings are not a draw from the model",
      "filter without robust and adaptive, readings to leave out as NaN",
    );
  const times = steps.map(({ time }) => time);
  const means = smooth(filtered).map(({ state }) => state.mean);
  return Array.from({ length: count }, (_, draw) => {
    const { states, readings } = simulate(model, times, dice.split(draw));
    const rows = readings.map((row, index) =>
      row.map((value, output) => (Number.isNaN(steps[index]?.reading[output]) ? Number.NaN : value)),
    );
    const again = smooth(kalmanFilter(model, { times, values: rows })).map(({ state }) => state.mean);
    return states.map((state, index) =>
      state.map(
        (value, row) =>
          value +
          ((means[index] as Float64Array)[row] as number) -
          ((again[index] as Float64Array)[row] as number),
      ),
    );
  });
}

/** Whether a reading was left out, weighed down or taken with another noise than the model's. */
const isNotPlain = ({ weights, noiseFactors, widened }: FilteredStep): boolean =>
  widened !== 1 ||
  weights.some((weight) => weight < 1) ||
  noiseFactors.process !== 1 ||
  noiseFactors.observation.some((factor) => factor !== 1);

const added = (left: Float64Array, right: Float64Array): Float64Array =>
  left.map((value, index) => value + (right[index] as number));

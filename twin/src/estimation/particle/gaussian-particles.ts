import { cholesky, logDeterminant } from "../../linear-algebra/cholesky.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { LOG_TWO_PI } from "../../probability/normal.ts";
import type { Dice } from "../../random/dice.ts";
import { CovarianceRoot } from "../ensemble/covariance-root.ts";
import { CheckedSystem } from "../nonlinear/checked-system.ts";
import { unwrap } from "../nonlinear/circles.ts";
import type { StochasticSystem } from "../nonlinear/system.ts";
import type { ParticleSystem } from "./particle-system.ts";

/**
 * A system with additive Gaussian noise as a particle system: full Q (it may be singular) and full R, any components
 * missing. Backward smoothing needs Q positive definite, for the transition must have a density.
 * @throws {TwinError} as the constructor of `CheckedSystem`.
 */
export function gaussianParticles(system: StochasticSystem): ParticleSystem {
  const checked = new CheckedSystem(system);
  const sensors = new MaskedDensity(checked.observationNoise);
  const transition = new Transition(checked);
  const expected = new Float64Array(checked.outputs);
  const { periods } = checked;
  return {
    states: checked.states,
    outputs: checked.outputs,
    propagate(state, from, to, dice: Dice, out): void {
      checked.advance(state, from, to, out);
      transition.rootOver(from, to).addDraw(dice, out);
    },
    logDensity(reading, state, at): number {
      checked.observe(state, at, expected, reading);
      if (periods) unwrap(expected, reading, periods);
      return sensors.at(reading, expected);
    },
    summary: {
      expect: (state, at, out) => system.observe(state, at, out),
      noise: checked.observationNoise,
      ...(periods && { periods }),
    },
    lookAhead: (state, from, to, out) => checked.advance(state, from, to, out),
    logTransition(next, state, from, to): number {
      const density = transition.densityOver(from, to);
      checked.advance(state, from, to, transition.advanced);
      return density.at(next, transition.advanced);
    },
  };
}

/** Q over the last interval, as a source of draws and as a density: asked for once per step, not once per particle. */
class Transition {
  readonly advanced: Float64Array;
  readonly #system: CheckedSystem;
  #from = Number.NaN;
  #to = Number.NaN;
  #root: CovarianceRoot | undefined;
  #density: MaskedDensity | undefined;

  constructor(system: CheckedSystem) {
    this.#system = system;
    this.advanced = new Float64Array(system.states);
  }

  rootOver(from: number, to: number): CovarianceRoot {
    this.#moveTo(from, to);
    this.#root ??= new CovarianceRoot(
      this.#system.processNoise(from, to),
      this.#system.states,
      "the process noise",
    );
    return this.#root;
  }

  densityOver(from: number, to: number): MaskedDensity {
    this.#moveTo(from, to);
    this.#density ??= new MaskedDensity(this.#system.processNoise(from, to));
    return this.#density;
  }

  #moveTo(from: number, to: number): void {
    if (from === this.#from && to === this.#to) return;
    this.#from = from;
    this.#to = to;
    this.#root = undefined;
    this.#density = undefined;
  }
}

/** ln N(value; mean, C) over the components of `value` that are not NaN; the factor of the last such set is kept. */
class MaskedDensity {
  readonly #covariance: Matrix;
  readonly #missing: boolean[];
  readonly #whitened: Float64Array;
  #present: number[] = [];
  #lower: Matrix;
  #constant: number;

  constructor(covariance: Matrix) {
    this.#covariance = covariance;
    this.#missing = Array.from({ length: covariance.rows }, () => false);
    this.#whitened = new Float64Array(covariance.rows);
    [this.#lower, this.#constant] = this.#factor();
  }

  at(value: Float64Array, mean: Float64Array): number {
    if (this.#hasOtherGaps(value)) [this.#lower, this.#constant] = this.#factor();
    const lower = this.#lower;
    const whitened = this.#whitened;
    let sum = 0;
    for (let row = 0; row < lower.rows; row++) {
      const index = this.#present[row] as number;
      let rest = (value[index] as number) - (mean[index] as number);
      for (let column = 0; column < row; column++)
        rest -= lower.get(row, column) * (whitened[column] as number);
      rest /= lower.get(row, row);
      whitened[row] = rest;
      sum += rest * rest;
    }
    return this.#constant - 0.5 * sum;
  }

  /** Whether other components are missing than last time; remembers which. */
  #hasOtherGaps(value: Float64Array): boolean {
    let changed = false;
    for (let index = 0; index < value.length; index++) {
      const missing = Number.isNaN(value[index]);
      if (missing !== this.#missing[index]) changed = true;
      this.#missing[index] = missing;
    }
    return changed;
  }

  #factor(): [Matrix, number] {
    this.#present = this.#missing.flatMap((missing, index) => (missing ? [] : [index]));
    const lower = cholesky(
      Matrix.from(
        this.#present.map((row) => this.#present.map((column) => this.#covariance.get(row, column))),
      ),
    );
    return [lower, -0.5 * (logDeterminant(lower) + lower.rows * LOG_TWO_PI)];
  }
}

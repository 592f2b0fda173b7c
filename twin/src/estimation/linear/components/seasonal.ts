import { TwinError } from "../../../errors.ts";
import { blockDiagonal } from "../../../linear-algebra/blocks.ts";
import { Matrix } from "../../../linear-algebra/matrix.ts";
import { checkedCount, checkedPositive, checkedVariance } from "../arrays.ts";
import { inWholeSteps, keptByElapsed, wholeSteps } from "../travel.ts";
import type { Component, ComponentStart } from "./component.ts";
import { firstState, singleSignal } from "./single-signal.ts";

export interface DummySeasonal {
  /** Seasons in a period, each one unit of time. */
  readonly period: number;
  /** How much the pattern changes: variance of the noise in the sum of one period, per unit of time. */
  readonly variance: number;
  readonly start?: ComponentStart;
}

/**
 * A pattern that repeats: one effect per season, with sums over a period of mean zero.
 *
 *     γ_t = −γ_{t−1} − … − γ_{t−s+1} + w,  w ~ N(0, variance)          states γ_t, γ_{t−1}, …, γ_{t−s+2}
 *
 * Times whole units apart. Starts diffuse (s − 1 directions) unless told otherwise.
 * @throws {TwinError} BAD_VALUE; UNEVEN_STEP when used at other times.
 * @see Durbin & Koopman (2012), §3.2.2.
 */
export function dummySeasonal(options: DummySeasonal): Component {
  const states = checkedCount(options.period, 2, "the period") - 1;
  const matrix = new Matrix(states, states);
  for (let state = 0; state < states; state++) {
    matrix.set(0, state, -1);
    if (state > 0) matrix.set(state, state - 1, 1);
  }
  const noise = new Matrix(states, states);
  noise.set(0, 0, checkedVariance(options.variance, "the seasonal variance"));
  return singleSignal(
    firstState(states),
    options.start ?? { diffuse: "all" },
    inWholeSteps({ matrix, noise }),
  );
}

export interface TrigonometricSeasonal {
  /** Length of the period, in units of time; need not be whole. */
  readonly period: number;
  /** Number of sine waves: 1 is the fundamental. All that fit (period/2) when absent. */
  readonly harmonics?: number;
  /** Of each wave's two states, per unit of time. */
  readonly variance: number;
  readonly start?: ComponentStart;
}

/**
 * A pattern of sine waves with frequencies 2πj/period: each is a point that turns, and wanders, in its plane.
 *
 *     (γ, γ*)(t + Δ) = rotation by −λ_jΔ of (γ, γ*)(t) + w,  w ~ N(0, variance Δ I)
 *
 * The signal is Σ γ_j. Any times, except that the wave of two units (j = period/2) has one state and needs whole units. Starts
 * diffuse unless told otherwise.
 * @throws {TwinError} BAD_VALUE; UNEVEN_STEP.
 * @see Durbin & Koopman (2012), §3.2.2; Harvey (1989), §2.3.4.
 */
export function trigonometricSeasonal(options: TrigonometricSeasonal): Component {
  const period = checkedPositive(options.period, "the period");
  const harmonics = checkedCount(options.harmonics ?? Math.floor(period / 2), 1, "the number of harmonics");
  if (harmonics > period / 2)
    throw new TwinError(
      "BAD_VALUE",
      `${harmonics} harmonics in a period of ${period}`,
      `at most ${Math.floor(period / 2)}: faster waves look like slower ones`,
    );
  const variance = checkedVariance(options.variance, "the seasonal variance");
  const waves = Array.from({ length: harmonics }, (_, index) => index + 1);
  const weights = waves.flatMap((wave) => (2 * wave === period ? [1] : [1, 0]));
  return singleSignal(
    weights,
    options.start ?? { diffuse: "all" },
    keptByElapsed((elapsed) => ({
      matrix: blockDiagonal(waves.map((wave) => turned(wave, period, elapsed))),
      noise: Matrix.diagonal(weights.map(() => variance * elapsed)),
    })),
  );
}

function turned(wave: number, period: number, elapsed: number): Matrix {
  if (2 * wave === period) return Matrix.diagonal([wholeSteps(elapsed, 1) % 2 === 0 ? 1 : -1]);
  const angle = (2 * Math.PI * wave * elapsed) / period;
  return Matrix.from([
    [Math.cos(angle), Math.sin(angle)],
    [-Math.sin(angle), Math.cos(angle)],
  ]);
}

import { checkedChoice } from "../../../choice.ts";
import { Matrix } from "../../../linear-algebra/matrix.ts";
import { checkedCount, checkedPositive, checkedVariance } from "../arrays.ts";
import { keptByElapsed } from "../travel.ts";
import type { Component, ComponentStart } from "./component.ts";
import { firstState, singleSignal } from "./single-signal.ts";

/**
 * Q of a chain of integrators when the highest derivative is pushed by white noise all the time, n × n:
 *
 *     Q_ij = q Δ^(2n−1−i−j) / ((n−1−i)! (n−1−j)! (2n−1−i−j)),   i, j = 0 … n−1
 *
 * @param density q, (highest derivative)² per unit of time.
 * @see Bar-Shalom, Li & Kirubarajan (2001), Estimation with Applications to Tracking and Navigation, §6.2.
 */
export function continuousWhiteNoise(order: number, elapsed: number, density: number): Matrix {
  const size = checkedCount(order, 1, "the order");
  const duration = checkedPositive(elapsed, "the elapsed time");
  checkedVariance(density, "the spectral density");
  return build(size, (row, column) => {
    const power = 2 * size - 1 - row - column;
    return (density * duration ** power) / (factorial(size - 1 - row) * factorial(size - 1 - column) * power);
  });
}

/**
 * Q when the noise enters once per interval and holds through it: Q = σ² g gᵀ. For two states it is a constant acceleration,
 * g = (Δ²/2, Δ); for three, a step of the acceleration, g = (Δ²/2, Δ, 1); for four, of the jerk, g = (Δ³/6, Δ²/2, Δ, 1).
 * It depends on how time is cut into intervals: prefer the continuous form at irregular times.
 * @see Bar-Shalom, Li & Kirubarajan (2001), §6.3.
 */
export function discreteWhiteNoise(order: 2 | 3 | 4, elapsed: number, variance: number): Matrix {
  const size = checkedCount(order, 2, "the order");
  const duration = checkedPositive(elapsed, "the elapsed time");
  checkedVariance(variance, "the variance");
  const reach = (row: number): number => {
    const power = size === 2 ? 2 - row : size - 1 - row;
    return duration ** power / factorial(power);
  };
  return build(size, (row, column) => variance * reach(row) * reach(column));
}

export interface Kinematic {
  /** Number of states: 2 (position, velocity), 3 (and acceleration), 4 (and jerk). */
  readonly order: 2 | 3 | 4;
  /** Spectral density for "continuous", variance for "discrete". */
  readonly intensity: number;
  readonly noise?: "continuous" | "discrete";
  readonly start?: ComponentStart;
}

/**
 * A position with constant velocity (order 2) or acceleration (order 3) but for white noise; the signal is the position.
 *
 *     F_ij = Δ^(j−i)/(j−i)!,  j ≥ i
 *
 * Any times. Starts diffuse unless told otherwise.
 * @throws {TwinError} BAD_VALUE, BAD_OPTION.
 */
export function kinematic({ order, intensity, noise = "continuous", start }: Kinematic): Component {
  checkedChoice(noise, ["continuous", "discrete"], "the noise");
  const spread = noise === "continuous" ? continuousWhiteNoise : discreteWhiteNoise;
  checkedVariance(intensity, "the intensity");
  return singleSignal(
    firstState(order),
    start ?? { diffuse: "all" },
    keptByElapsed((elapsed) => ({
      matrix: build(order, (row, column) =>
        column < row ? 0 : elapsed ** (column - row) / factorial(column - row),
      ),
      noise: spread(order, elapsed, intensity),
    })),
  );
}

function build(size: number, value: (row: number, column: number) => number): Matrix {
  const matrix = new Matrix(size, size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) matrix.set(row, column, value(row, column));
  return matrix;
}

const factorial = (count: number): number => (count <= 1 ? 1 : count * factorial(count - 1));

import type { Smoothed } from "@plumbline/twin/estimation/nonlinear/smoother";
import { expect } from "vitest";

export type Rows = number[][];

export interface Expected {
  readonly rmse_filter_angle: number;
  readonly rmse_smoother_angle: number;
  readonly loglik: number;
  readonly filter_mean: Record<string, number[]>;
  readonly filter_cov: Record<string, Rows>;
  readonly smooth_mean: Record<string, number[]>;
  readonly smooth_cov: Record<string, Rows>;
}

export interface Sarkka {
  readonly pendulum: {
    readonly dt: number;
    readonly g: number;
    readonly Q: Rows;
    readonly R: number;
    readonly T: number[];
    readonly states: Rows;
    readonly observations: number[];
    readonly expected: Record<"ekf" | "ukf" | "ckf" | "gh5", Expected>;
  };
  readonly car_track: {
    readonly A: Rows;
    readonly Q: Rows;
    readonly H: Rows;
    readonly R: Rows;
    readonly m0: number[];
    readonly states: Rows;
    readonly observations: Rows;
  };
}

export const far = (left: ArrayLike<number>, right: ArrayLike<number>): number =>
  Math.max(...Array.from(left, (value, index) => Math.abs(value - right[index]!)));

export const rmse = (means: readonly Float64Array[], states: Rows, size: number): number => {
  let sum = 0;
  for (const [step, mean] of means.entries())
    for (let index = 0; index < size; index++) sum += (mean[index]! - states[step]![index]!) ** 2;
  return Math.sqrt(sum / means.length);
};

export function expectMoments(
  smoothed: Smoothed,
  expected: Omit<Expected, "rmse_filter_angle" | "rmse_smoother_angle">,
): void {
  const { filtered } = smoothed;
  for (const [step, mean] of Object.entries(expected.filter_mean))
    expect(far(filtered.means[Number(step)]!, mean)).toBeLessThan(1e-10);
  for (const [step, rows] of Object.entries(expected.filter_cov))
    expect(far(filtered.covariances[Number(step)]!.data, rows.flat())).toBeLessThan(1e-10);
  for (const [step, mean] of Object.entries(expected.smooth_mean))
    expect(far(smoothed.means[Number(step)]!, mean)).toBeLessThan(1e-10);
  for (const [step, rows] of Object.entries(expected.smooth_cov))
    expect(far(smoothed.covariances[Number(step)]!.data, rows.flat())).toBeLessThan(1e-10);
  expect(Math.abs(filtered.logLikelihood - expected.loglik)).toBeLessThan(1e-9);
}

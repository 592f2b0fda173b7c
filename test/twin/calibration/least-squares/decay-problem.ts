import { curve, type LeastSquaresProblem } from "@plumbline/twin/calibration/least-squares/problem";
import { dice } from "@plumbline/twin/random/dice";

/** Sampling times of a decay over six time units. */
export const TIMES: readonly number[] = Array.from({ length: 30 }, (_, index) => index / 5);
export const decay = (time: number, [size, rate]: Float64Array): number =>
  (size as number) * Math.exp(-(rate as number) * time);
/** Readings of a decay (5, 0.7) with noise of this sd. */
export const noisy = (seed: string, sd: number, truth: readonly number[] = [5, 0.7]): number[] => {
  const roll = dice(seed);
  return TIMES.map((time) => decay(time, Float64Array.from(truth)) + sd * roll.normal());
};
export const shape = (y: readonly number[], extra: object = {}): LeastSquaresProblem =>
  curve({ parameters: ["size", "rate"], x: TIMES, y, model: decay, ...extra });

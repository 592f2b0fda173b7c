import type { Reading } from "@plumbline/twin/contract/reading";
import { roundTo } from "@plumbline/twin/contract/reading";
import { webLine } from "@plumbline/twin/definition/web-line";
import { webLineModel } from "@plumbline/twin/models/web-line";
import type { Random } from "../../support/random.ts";

export const DAY = 86_400_000;
/** Sampling period of the published file, ms. */
export const FILE_PERIOD = 1_296_648;
/** An arbitrary but fixed start of every run in these tests: 2026-01-01T00:00Z. */
export const START = 1_767_225_600_000;

export const PARAMETERS = webLine.parameters.map(({ id }) => id);
export const SIGNALS = webLine.signals.map(({ id }) => id);
export const parameterIndex = (id: string): number => PARAMETERS.indexOf(id);

/** Wear of the published file: a quintic smoothstep from day 14 to day 24. */
export function wearAt(day: number): number {
  const x = Math.min(Math.max((day - 14) / 10, 0), 1);
  return 0.2 * (6 * x ** 5 - 15 * x ** 4 + 10 * x ** 3);
}

/** Drags in definition order, zero but for those named. */
export function drags(named: Readonly<Record<string, number>>): Float64Array {
  return Float64Array.from(PARAMETERS, (id) => named[id] ?? 0);
}

/** All outputs of the model: signals, then virtual sensors. */
export function outputsOf(theta: Float64Array, regimes?: Int8Array): Float64Array {
  const outputs = new Float64Array(webLineModel.outputs.length);
  webLineModel.evaluate(theta, outputs, regimes);
  return outputs;
}
export const outputIndex = (id: string): number => webLineModel.outputs.indexOf(id);

/** One noisy value per signal, with each signal's declared noise; `biases` are constant errors per signal. */
export function noisyValues(theta: Float64Array, dice: Random, biases?: ArrayLike<number>): number[] {
  const outputs = outputsOf(theta);
  return webLine.signals.map(
    ({ noise }, index) => outputs[index]! + noise * dice.normal() + (biases?.[index] ?? 0),
  );
}

/** Biases drawn from the declaration's own prior. */
export const drawnBiases = (dice: Random): number[] =>
  webLine.signals.map(({ bias }) => bias * dice.normal());

/** A row as good readings, rounded to each signal's resolution as the agent does. */
export const asReadings = (at: number, values: readonly number[]): Reading[] =>
  webLine.signals.map(({ id, resolution }, index) => ({
    signal: id,
    at,
    value: roundTo(values[index]!, resolution),
    quality: "GOOD" as const,
  }));

export const resolutionOf = (signal: string): number =>
  webLine.signals.find(({ id }) => id === signal)?.resolution ?? 0.001;

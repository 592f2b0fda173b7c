import type { Frame, FrameRecord } from "@plumbline/twin/contract/frame";
import { encodeFrame } from "@plumbline/twin/contract/frame-codec";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import { roundTo } from "@plumbline/twin/contract/reading";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import { priorSet } from "@plumbline/twin/definition/prior-set";
import { webLine } from "@plumbline/twin/definition/web-line";
import { Observer } from "@plumbline/twin/estimation/observer";
import { steadyModel } from "@plumbline/twin/models/models";

export const THING = "line-7";
export const INSTANCE = "main";
export const T0 = Date.UTC(2026, 0, 5);
export const PERIOD = 600_000;

/** Mulberry32: enough dice for a test. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const gauss = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const model = steadyModel(webLine.model);
const HEALTHY: Readonly<Record<string, number>> = Object.fromEntries(
  webLine.parameters.map(({ id, prior }) => [id, prior.mean]),
);

/** Rows of a running line whose bearings are as told (the others new), noise as declared, from row `first` on. */
export function lineReadings(
  drag: Readonly<Record<string, number>>,
  rows: number,
  seed: number,
  first = 0,
): Reading[] {
  const outputs = new Float64Array(model.outputs.length);
  model.evaluate(
    Float64Array.from(model.parameters, (id) => ({ ...HEALTHY, ...drag })[id] ?? 0),
    outputs,
  );
  const truth = new Map(model.outputs.map((id, index) => [id, outputs[index] ?? Number.NaN]));
  const random = dice(seed);
  const readings: Reading[] = [];
  for (let row = first; row < first + rows; row++) {
    for (const { id, noise, resolution } of webLine.signals) {
      const value = roundTo((truth.get(id) ?? Number.NaN) + noise * gauss(random), resolution);
      readings.push({ signal: id, at: T0 + row * PERIOD, value, quality: "GOOD" });
    }
  }
  return readings;
}
export const healthyReadings = (rows: number, seed: number, first = 0): Reading[] =>
  lineReadings({}, rows, seed, first);

export interface Sealed {
  readonly frame: Frame;
  readonly bytes: Uint8Array;
}

const resolutions = new Map(webLine.signals.map(({ id, resolution }) => [id, resolution]));
export const encoded = (frame: Frame): Uint8Array =>
  encodeFrame(frame, (signal) => resolutions.get(signal) ?? 1);

/** A gateway as the cloud sees it: it filters, seals and numbers, and nothing more. */
export class Gateway {
  readonly epoch: string;
  observer: Observer;
  set: ParameterSet = priorSet(webLine, THING, INSTANCE);
  sequence = 0;

  constructor(epoch = "00000000000000a1") {
    this.epoch = epoch;
    this.observer = Observer.start(webLine, this.set);
  }

  install(set: ParameterSet): void {
    this.set = set;
    this.observer.install(set);
  }

  /** Seals readings into one frame; alarms that the observer raises are reported as records. */
  seal(readings: readonly Reading[], more: Partial<Frame> = {}): Sealed {
    const start = this.observer.hash();
    const alarms: FrameRecord[] = [];
    for (const [index, reading] of readings.entries()) {
      for (const row of this.observer.observe(reading).rows) {
        for (const { chart, at, statistic } of row.alarms) {
          alarms.push({ kind: "alarm", chart, at, statistic, set: this.set.version, after: index + 1 });
        }
      }
    }
    this.sequence++;
    const times = readings.map(({ at }) => at);
    const frame: Frame = {
      thing: THING,
      instance: INSTANCE,
      epoch: this.epoch,
      sequence: this.sequence,
      span: [Math.min(...times), Math.max(...times)],
      twin: { id: webLine.id, version: webLine.version },
      filter: definitionDigest(webLine),
      set: this.set.version,
      start,
      readings,
      records: [...alarms, ...(more.records ?? [])],
      ...Object.fromEntries(Object.entries(more).filter(([name]) => name !== "records")),
    };
    return { frame, bytes: encoded(frame) };
  }

  /** Cuts readings into frames of `size`. */
  sealAll(readings: readonly Reading[], size: number): Sealed[] {
    const frames: Sealed[] = [];
    for (let start = 0; start < readings.length; start += size)
      frames.push(this.seal(readings.slice(start, start + size)));
    return frames;
  }
}

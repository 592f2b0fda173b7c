import type { Interval, Scenario, SensorFault, SensorQuality } from "../scenario/scenario.ts";
import { type RandomStream, randomStream } from "./pure-random.ts";

/** Factor of a sensor that was configured in thousandths of its unit. */
const WRONG_SCALE = 1_000;

/** Rollers' signals begin with w (rad/s), spans' with s (N). */
export const qualityOf = (signal: string, { speed, tension }: Scenario["sensors"]): SensorQuality =>
  signal.startsWith("w") ? speed : tension;

/**
 * One sensor: y = round_q(x + bias + σ·noise), then its faults. Bias and noise come from streams of the sensor's own, one
 * draw per reading whether or not it is published, so that a fault or another sensor changes no other value.
 */
export class Sensor {
  readonly #quality: SensorQuality;
  readonly #faults: readonly SensorFault[];
  readonly #noise: RandomStream;
  readonly #bias: number;
  readonly #spiked: Map<SensorFault, number> = new Map();
  #last: number | undefined;

  constructor(options: {
    signal: string;
    seed: number;
    quality: SensorQuality;
    faults?: readonly SensorFault[];
  }) {
    const { signal, seed, quality, faults = [] } = options;
    this.#quality = quality;
    this.#faults = faults.filter((fault) => fault.signal === signal);
    this.#noise = randomStream(seed, `noise/${signal}`);
    this.#bias = quality.bias * randomStream(seed, `bias/${signal}`).normal();
  }

  /** Constant error of this sensor, in its unit. */
  get bias(): number {
    return this.#bias;
  }

  /** The reading at a day since row 0; `undefined` when the sensor says nothing. */
  read(truth: number, day: number): number | undefined {
    const sound = quantised(
      truth + this.#bias + this.#quality.noise * this.#noise.normal(),
      this.#quality.quantisation,
    );
    const acting = this.#faults.filter((fault) => contains(fault, day));
    if (acting.some(({ kind }) => kind === "drop")) return undefined;
    const stuck = acting.some(({ kind }) => kind === "stuck") ? (this.#last ?? sound) : sound;
    const value = acting.reduce((reading, fault) => this.#disturbed(reading, fault), stuck);
    this.#last = stuck;
    return value;
  }

  #disturbed(reading: number, fault: SensorFault): number {
    if (fault.kind === "unit-scale") return reading * WRONG_SCALE;
    if (fault.kind !== "spike") return reading;
    const count = this.#spiked.get(fault) ?? 0;
    this.#spiked.set(fault, count + 1);
    return count % fault.every === 0 ? reading + fault.size : reading;
  }
}

const contains = ({ fromDay, toDay }: Interval, day: number): boolean => day >= fromDay && day < toDay;

/** Steps such as 0.001 are counted in thousands, so that the nearest double to the decimal comes out. */
function quantised(value: number, step: number): number {
  if (step === 0) return value;
  const perUnit = 1 / step;
  return step < 1 && Math.abs(perUnit - Math.round(perUnit)) < 1e-9
    ? Math.round(value * Math.round(perUnit)) / Math.round(perUnit)
    : Math.round(value / step) * step;
}

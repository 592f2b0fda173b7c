import type { Millis, Unit } from "../units.ts";

/** One declared twin. Nothing else in the repository lists its signals, parameters or virtual sensors. */
export interface TwinDefinition {
  readonly id: string;
  /** Semantic version of this declaration; a parameter set of another version is refused. */
  readonly version: string;
  readonly title: string;
  /** Name of a model in `twin/models`; the definition holds no equations. */
  readonly model: string;
  readonly signals: readonly SignalDefinition[];
  readonly parameters: readonly ParameterDefinition[];
  readonly virtualSensors: readonly VirtualSensorDefinition[];
  readonly mode: OperatingMode;
  readonly policy: CalibrationPolicy;
}

export interface SignalDefinition {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** Values outside are physically impossible for this sensor. */
  readonly range: readonly [low: number, high: number];
  /** Where the sensor's scale ends: a reading there says only that the truth is at or beyond it. Absent: nowhere. */
  readonly scale?: readonly [low: number, high: number];
  /** Value of a healthy machine; a reading near 1000 × or 1/1000 × this is suspected of a wrong unit scale. */
  readonly nominal: number;
  readonly period: Millis;
  /** Standard deviation of one reading's random error, in the signal's unit. */
  readonly noise: number;
  /** Prior standard deviation of the sensor's constant error, in the signal's unit. */
  readonly bias: number;
  /** Step below which digits mean nothing; 1/k with k a whole number, or a whole number. Default: about noise/10. */
  readonly resolution: number;
  /** Random-walk rate of the true quantity for the pre-filter, unit per √s. */
  readonly wander: number;
  /** Largest believable change between readings, unit per second. */
  readonly maxRate: number;
  readonly role: "measured" | "input";
}

export interface ParameterDefinition {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly bounds: readonly [low: number, high: number];
  /** Belief before any data, on the natural scale. */
  readonly prior: { readonly mean: number; readonly sd: number };
  /** Random-walk rate on the natural scale, unit per √day: how fast a machine can change. */
  readonly drift: number;
  readonly cause: string;
  readonly action: string;
}

export interface VirtualSensorDefinition {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
}

/** The model is valid only while at least one of `anyOf` reads above `above`. */
export interface OperatingMode {
  readonly name: string;
  readonly anyOf: readonly string[];
  readonly above: number;
}

export interface CalibrationPolicy {
  /** Probability that any chart alarms in 14 quiet days: all charts of the machine together. */
  readonly falseAlarmPer14Days: number;
  /** Recalibration without an alarm, at the latest after this long. */
  readonly schedule: Millis;
  readonly coolDown: Millis;
  /** A trial ends after this many good, in-mode rows … */
  readonly trialRows: number;
  /** … or, without them, after this long: reverted, "no evidence". */
  readonly trialLimit: Millis;
  /** A reading older than the newest one by more than this is late. */
  readonly lateness: Millis;
  /** A published set is flagged (never dropped) when older than this. */
  readonly expiry: Millis;
}

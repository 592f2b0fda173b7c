import type { TwinDefinition } from "../../definition/twin-definition.ts";
import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { standardNormalCdf } from "../../probability/normal.ts";
import { covarianceOf } from "../least-squares/covariance.ts";
import { checkSensors, type Sensitivities, type Sensor, sensitivitiesOf, varianceOfMean } from "./sensors.ts";

export interface ObservabilityOptions {
  /** A change counts as visible from so many standard deviations on. Default 3. */
  readonly sigmas?: number;
  /** Time over which readings are averaged. Default 1. */
  readonly days?: number;
}

/**
 * The smallest visible change of one parameter with all sensors together, under three states of knowledge; null = none is
 * visible, however large.
 */
export interface SmallestChange {
  /** Nothing else changed, and the parameter's past readings are the reference. */
  readonly othersKnown: number | null;
  /** Every other parameter may have changed too, by any amount. */
  readonly othersUnknown: number | null;
  /** No past either: against the model's own outputs, with the sensors' biases known only to their prior sd. */
  readonly biasesUnknown: number | null;
}

export interface VisibleChange {
  readonly id: string;
  readonly unit: string;
  /** Per sensor by itself, nothing else changed; the sharpest first, blind ones (null) last. */
  readonly alone: readonly { readonly sensor: string; readonly change: number | null }[];
  readonly together: SmallestChange;
  /** The same in a sentence. */
  readonly words: string;
}

/** What a set of sensors can see; plain data, fit for JSON. */
export interface Observability {
  readonly days: number;
  readonly sigmas: number;
  /** Two-sided probability that a test at so many sigmas calls a change where there is none, per parameter and test. */
  readonly falseAlarm: number;
  /** Probability that a change of exactly the stated size is called; add 1.645/sigmas of it for 95 %. */
  readonly power: number;
  readonly sensors: readonly { readonly id: string; readonly sdOfMean: number; readonly bias: number }[];
  readonly parameters: readonly VisibleChange[];
}

/**
 * The smallest change of each parameter that sensors see in a day, at a point of a steady model:
 *
 *     alone        k σ_i/√N / |∂h_i/∂θ_j|
 *     together     k √[(JᵀWJ)⁻¹]_jj   (others unknown),   k/√[JᵀWJ]_jj   (others known),   W = diag(N/σ_i²)
 *
 * N readings with independent errors are averaged; where biases are unknown, σ_i²/N gains the bias's prior variance. First
 * order: right for changes over which the model is straight; within the point's own regime where the model has a kink.
 *
 * @param values θ, one for each parameter of the definition.
 * @throws {TwinError} UNKNOWN_SENSOR, BAD_SENSOR, BAD_SHAPE, BAD_OPTION, MODEL_FAILS
 */
export function smallestVisibleChanges(
  definition: TwinDefinition,
  values: ArrayLike<number>,
  sensors: readonly Sensor[],
  { sigmas = 3, days = 1 }: ObservabilityOptions = {},
): Observability {
  if (!(sigmas > 0 && days > 0 && Number.isFinite(sigmas * days)))
    throw new TwinError(
      "BAD_OPTION",
      `${sigmas} standard deviations over ${days} days`,
      "expected positive finite numbers",
    );
  const sensitivities = sensitivitiesOf(definition, values);
  checkSensors(sensors, sensitivities.outputs);
  const changes = togetherOf(sensitivities, sensors, sigmas, days);
  return {
    days,
    sigmas,
    falseAlarm: 2 * standardNormalCdf(-sigmas),
    power: 0.5,
    sensors: sensors.map((sensor) => ({
      id: sensor.id,
      sdOfMean: Math.sqrt(varianceOfMean(sensor, days)),
      bias: sensor.bias ?? 0,
    })),
    parameters: definition.parameters.map(({ id, unit }, index) => {
      const alone = aloneOf(sensitivities, sensors, index, sigmas, days);
      const together = changes[index] as SmallestChange;
      return { id, unit, alone, together, words: sentence(id, unit, alone, together) };
    }),
  };
}

/** Slopes below this share of the largest of an output's own are rounding of the differences. */
const BLIND = 1e-9;

function aloneOf(
  { outputs, jacobian }: Sensitivities,
  sensors: readonly Sensor[],
  parameter: number,
  sigmas: number,
  days: number,
): { sensor: string; change: number | null }[] {
  const column = outputs.map((_, row) => Math.abs(jacobian.get(row, parameter)));
  return sensors
    .map((sensor) => {
      const slope = column[outputs.indexOf(sensor.id)] as number;
      const blind = slope <= BLIND * Math.max(...column);
      return {
        sensor: sensor.id,
        change: blind ? null : (sigmas * Math.sqrt(varianceOfMean(sensor, days))) / slope,
      };
    })
    .sort((left, right) => (left.change ?? Number.MAX_VALUE) - (right.change ?? Number.MAX_VALUE));
}

function togetherOf(
  sensitivities: Sensitivities,
  sensors: readonly Sensor[],
  sigmas: number,
  days: number,
): SmallestChange[] {
  const random = whitened(sensitivities, sensors, (sensor) => varianceOfMean(sensor, days));
  const biased = whitened(
    sensitivities,
    sensors,
    (sensor) => varianceOfMean(sensor, days) + (sensor.bias ?? 0) ** 2,
  );
  const unknown = jointErrors(random);
  const absolute = jointErrors(biased);
  return Array.from({ length: random.columns }, (_, column) => {
    let information = 0;
    for (let row = 0; row < random.rows; row++) information += random.get(row, column) ** 2;
    return {
      othersKnown: finite(sigmas / Math.sqrt(information)),
      othersUnknown: finite(sigmas * (unknown[column] as number)),
      biasesUnknown: finite(sigmas * (absolute[column] as number)),
    };
  });
}

/** Rows of the sensors' outputs over their standard deviations; slopes at rounding are 0. */
export function whitened(
  { outputs, jacobian }: Sensitivities,
  sensors: readonly Sensor[],
  variance: (sensor: Sensor) => number,
): Matrix {
  const result = new Matrix(sensors.length, jacobian.columns);
  for (let column = 0; column < jacobian.columns; column++) {
    let largest = 0;
    for (let row = 0; row < jacobian.rows; row++)
      largest = Math.max(largest, Math.abs(jacobian.get(row, column)));
    sensors.forEach((sensor, row) => {
      const slope = jacobian.get(outputs.indexOf(sensor.id), column);
      if (Math.abs(slope) > BLIND * largest) result.set(row, column, slope / Math.sqrt(variance(sensor)));
    });
  }
  return result;
}

/** √[(JᵀJ)⁻¹]_jj; ∞ for a parameter that shares an unseen direction. */
function jointErrors(jacobian: Matrix): Float64Array {
  if (jacobian.rows === 0) return new Float64Array(jacobian.columns).fill(Number.POSITIVE_INFINITY);
  return covarianceOf(jacobian, new Float64Array(jacobian.rows), true).standardErrors;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function sentence(
  id: string,
  unit: string,
  alone: VisibleChange["alone"],
  { othersKnown, othersUnknown, biasesUnknown }: SmallestChange,
): string {
  const sharpest = alone.find(({ change }) => change !== null);
  if (!sharpest || othersKnown === null) return `No sensor of these sees ${id}.`;
  const size = (change: number | null): string => (change === null ? "nothing" : change.toPrecision(2));
  return `Of ${id} (${unit}) ${sharpest.sensor} alone sees changes from ${size(sharpest.change)} on; all together ${size(othersKnown)} when nothing else changed, ${size(othersUnknown)} when everything may have, ${size(biasesUnknown)} without a past to compare with.`;
}

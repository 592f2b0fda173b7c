import type { TwinDefinition } from "../../definition/twin-definition.ts";
import { TwinError } from "../../errors.ts";
import { Matrix, norm } from "../../linear-algebra/matrix.ts";
import { steadyModel } from "../../models/models.ts";
import { ABOVE, BELOW } from "../../models/process-model.ts";
import { extrapolatedJacobian } from "../../optimisation/differences.ts";
import { MILLIS_PER_DAY } from "../../units.ts";

/** A sensor on an output of the model: what is known of its readings. */
export interface Sensor {
  /** Output of the model that it reads. */
  readonly id: string;
  /** sd of one reading's random error. */
  readonly noise: number;
  /** Prior sd of its constant error. Default 0. */
  readonly bias?: number;
  /** Step of its digits. Default 0. */
  readonly resolution?: number;
  /** Readings in a day. */
  readonly readingsPerDay: number;
}

/**
 * Sensors of a definition's signals.
 * @param readingsPerDay for all of them, instead of what their periods give.
 * @throws {TwinError} UNKNOWN_SENSOR
 */
export function sensorsOf(
  definition: TwinDefinition,
  ids: readonly string[] = definition.signals.map(({ id }) => id),
  readingsPerDay?: number,
): Sensor[] {
  return ids.map((id) => {
    const signal = definition.signals.find((one) => one.id === id);
    if (!signal)
      throw new TwinError(
        "UNKNOWN_SENSOR",
        `${definition.id} has no signal ${JSON.stringify(id)}`,
        `expected some of: ${definition.signals.map((one) => one.id).join(", ")}`,
      );
    const { noise, bias, resolution, period } = signal;
    return { id, noise, bias, resolution, readingsPerDay: readingsPerDay ?? MILLIS_PER_DAY / period };
  });
}

/** Variance of a day's mean: independent errors and rounding to the digits average out, a bias does not. */
export function varianceOfMean({ noise, resolution = 0, readingsPerDay }: Sensor, days: number): number {
  return (noise * noise + (resolution * resolution) / 12) / (readingsPerDay * days);
}

export function checkSensors(sensors: readonly Sensor[], outputs: readonly string[]): void {
  for (const { id, noise, bias = 0, resolution = 0, readingsPerDay } of sensors) {
    if (!outputs.includes(id))
      throw new TwinError(
        "UNKNOWN_SENSOR",
        `the model has no output ${JSON.stringify(id)}`,
        `expected one of: ${outputs.join(", ")}`,
      );
    const sizes = { noise, bias, resolution, readingsPerDay };
    for (const [name, size] of Object.entries(sizes))
      if (!(Number.isFinite(size) && size >= 0 && (size > 0 || name === "bias" || name === "resolution")))
        throw new TwinError(
          "BAD_SENSOR",
          `${name} of sensor ${id} is ${size}`,
          "expected a positive finite number",
        );
  }
}

/** Slopes of all outputs of a definition's model at a point. */
export interface Sensitivities {
  readonly outputs: readonly string[];
  /** ∂h/∂θ, outputs × parameters. */
  readonly jacobian: Matrix;
}

/**
 * Slopes within the regime of the point: at a kink a two-sided difference would average two regimes. Steps stay inside
 * the declared bounds.
 */
export function sensitivitiesOf(definition: TwinDefinition, values: ArrayLike<number>): Sensitivities {
  const model = steadyModel(definition.model);
  const { parameters } = definition;
  if (values.length !== parameters.length)
    throw new TwinError(
      "BAD_SHAPE",
      `${values.length} values for ${parameters.length} parameters`,
      "expected one for each parameter of the definition",
    );
  const theta = Float64Array.from(values);
  const size = model.outputs.length;
  const here = new Float64Array(size);
  model.evaluate(theta, here);
  const kinks = new Float64Array(theta.length);
  model.kinks(here, kinks);
  const regimes = Int8Array.from(theta, (value, index) => (value < (kinks[index] as number) ? BELOW : ABOVE));
  const run = (at: Float64Array, out: Float64Array): boolean => {
    model.evaluate(at, out, regimes);
    return out.every(Number.isFinite);
  };
  const value = new Float64Array(size);
  const jacobian = new Matrix(size, theta.length);
  const found =
    run(theta, value) &&
    extrapolatedJacobian(
      run,
      theta,
      value,
      {
        reach: Float64Array.from(parameters, ({ bounds }) => bounds[1] - bounds[0]),
        noise: Number.EPSILON * norm(value),
        low: parameters.map(({ bounds }) => bounds[0]),
        high: parameters.map(({ bounds }) => bounds[1]),
      },
      jacobian,
      new Float64Array(theta.length),
    );
  if (found) return { outputs: model.outputs, jacobian };
  throw new TwinError(
    "MODEL_FAILS",
    `${definition.model} gives no finite values around ${Array.from(theta).join(", ")}`,
    "ask at parameters where the model runs",
  );
}

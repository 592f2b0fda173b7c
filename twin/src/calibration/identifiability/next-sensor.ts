import type { TwinDefinition } from "../../definition/twin-definition.ts";
import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { whitened } from "./observability.ts";
import { checkSensors, type Sensitivities, type Sensor, sensitivitiesOf, varianceOfMean } from "./sensors.ts";

/** A sensor that could be bought. */
export interface Candidate extends Sensor {
  /** In any one currency. Default 1. */
  readonly cost?: number;
}

export interface SensorAdviceOptions {
  /** Time over which readings are averaged. Default 1. */
  readonly days?: number;
  /** Rank by what is learnt of this parameter alone. Default: of all together. */
  readonly focus?: string;
  /** sd of each parameter before the readings; default what it may have moved: √(prior sd² + drift² · days). */
  readonly uncertainty?: ArrayLike<number>;
}

export interface RankedSensor {
  readonly id: string;
  readonly cost: number;
  /** Expected information, nats: ½ ln det of prior over posterior covariance (of the focus: ½ ln of its variances). */
  readonly gain: number;
  readonly gainPerCost: number;
  /** sd of each parameter with the present sensors, and with this one added. */
  readonly parameters: readonly { readonly id: string; readonly before: number; readonly after: number }[];
}

/**
 * Ranks candidate sensors by what a day of their readings would teach, per cost: D-optimality for one more row of a
 * linear Gaussian experiment, with P the covariance that the present sensors leave,
 *
 *     gain = ½ ln (1 + jᵀ P j / v),   P⁺ = P − P j jᵀ P / (v + jᵀ P j),   v = σ²/N + bias²
 *
 * The gain does not depend on what will be read, only on where: it can be computed before anything is bought. First order,
 * at the given point; a parameter that only matters past a kink is not seen from before it.
 *
 * @throws {TwinError} UNKNOWN_SENSOR, BAD_SENSOR, UNKNOWN_PARAMETER, BAD_SHAPE, MODEL_FAILS
 * @see Lindley (1956), Ann. Math. Statist. 27(4); Chaloner & Verdinelli (1995), Statistical Science 10(3).
 */
export function rankSensors(
  definition: TwinDefinition,
  values: ArrayLike<number>,
  present: readonly Sensor[],
  candidates: readonly Candidate[],
  options: SensorAdviceOptions = {},
): RankedSensor[] {
  const advice = new Advice(definition, values, candidates, options);
  const before = advice.after(present);
  return candidates
    .map((candidate) => advice.rank(candidate, before))
    .sort((left, right) => right.gainPerCost - left.gainPerCost);
}

/** The next `count` sensors, each the best after those before it were bought (greedy: at least 63 % of the best set's gain). */
export function sensorPlan(
  definition: TwinDefinition,
  values: ArrayLike<number>,
  present: readonly Sensor[],
  candidates: readonly Candidate[],
  count: number,
  options: SensorAdviceOptions = {},
): RankedSensor[] {
  const plan: RankedSensor[] = [];
  const bought: Sensor[] = [...present];
  let left = [...candidates];
  while (plan.length < count && left.length > 0) {
    const best = rankSensors(definition, values, bought, left, options)[0] as RankedSensor;
    const chosen = left.find(({ id }) => id === best.id) as Candidate;
    plan.push(best);
    bought.push(chosen);
    left = left.filter((candidate) => candidate !== chosen);
  }
  return plan;
}

class Advice {
  readonly #definition: TwinDefinition;
  readonly #sensitivities: Sensitivities;
  readonly #days: number;
  readonly #focus: number | undefined;
  readonly #uncertainty: Float64Array;

  constructor(
    definition: TwinDefinition,
    values: ArrayLike<number>,
    candidates: readonly Candidate[],
    { days = 1, focus, uncertainty }: SensorAdviceOptions,
  ) {
    this.#definition = definition;
    this.#days = days;
    this.#sensitivities = sensitivitiesOf(definition, values);
    checkSensors(candidates, this.#sensitivities.outputs);
    for (const { id, cost = 1 } of candidates)
      if (!(cost > 0 && Number.isFinite(cost)))
        throw new TwinError(
          "BAD_SENSOR",
          `the cost of sensor ${id} is ${cost}`,
          "expected a positive finite number",
        );
    this.#focus = focus === undefined ? undefined : this.#indexOf(focus);
    this.#uncertainty = Float64Array.from(
      uncertainty ??
        definition.parameters.map(({ prior, drift }) => Math.hypot(prior.sd, drift * Math.sqrt(days))),
    );
    this.#checkUncertainty();
  }

  /** Covariance of the parameters after a day of these sensors' readings. */
  after(sensors: readonly Sensor[]): Matrix {
    checkSensors(sensors, this.#sensitivities.outputs);
    const covariance = Matrix.diagonal(this.#uncertainty.map((sd) => sd * sd));
    for (const sensor of sensors) update(covariance, this.#row(sensor));
    return covariance;
  }

  rank(candidate: Candidate, before: Matrix): RankedSensor {
    const { id, cost = 1 } = candidate;
    const after = before.copy();
    const signalToNoise = update(after, this.#row(candidate));
    const focus = this.#focus;
    const gain =
      focus === undefined
        ? 0.5 * Math.log1p(signalToNoise)
        : 0.5 * Math.log(before.get(focus, focus) / after.get(focus, focus));
    return {
      id,
      cost,
      gain,
      gainPerCost: gain / cost,
      parameters: this.#definition.parameters.map((parameter, index) => ({
        id: parameter.id,
        before: Math.sqrt(before.get(index, index)),
        after: Math.sqrt(after.get(index, index)),
      })),
    };
  }

  /** The sensor's slopes over the standard deviation of its mean, p. */
  #row(sensor: Sensor): Float64Array {
    return whitened(
      this.#sensitivities,
      [sensor],
      (one) => varianceOfMean(one, this.#days) + (one.bias ?? 0) ** 2,
    ).data;
  }

  #indexOf(focus: string): number {
    const ids = this.#definition.parameters.map(({ id }) => id);
    const index = ids.indexOf(focus);
    if (index >= 0) return index;
    throw new TwinError(
      "UNKNOWN_PARAMETER",
      `${this.#definition.id} has no parameter ${JSON.stringify(focus)}`,
      `expected one of: ${ids.join(", ")}`,
    );
  }

  #checkUncertainty(): void {
    const { parameters } = this.#definition;
    const bad = this.#uncertainty.findIndex((sd) => !(sd > 0 && Number.isFinite(sd)));
    if (this.#uncertainty.length === parameters.length && bad < 0) return;
    throw new TwinError(
      "BAD_SHAPE",
      bad < 0
        ? `${this.#uncertainty.length} standard deviations for ${parameters.length} parameters`
        : `the standard deviation of ${parameters[bad]?.id} is ${this.#uncertainty[bad]}`,
      "expected a positive finite number for each parameter",
    );
  }
}

/** P ← P − P j jᵀ P/(1 + jᵀ P j) for a reading of unit variance; returns jᵀ P j. */
function update(covariance: Matrix, slopes: Float64Array): number {
  const size = slopes.length;
  const cross = new Float64Array(size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      cross[row] = (cross[row] as number) + covariance.get(row, column) * (slopes[column] as number);
  const signal = slopes.reduce((sum, slope, index) => sum + slope * (cross[index] as number), 0);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      covariance.add(row, column, -((cross[row] as number) * (cross[column] as number)) / (1 + signal));
  return signal;
}

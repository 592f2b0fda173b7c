import type { CandidatePosterior, PosteriorPoint } from "../calibration/posterior.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { entry } from "../linear-algebra/matrix.ts";
import { steadyModel } from "../models/models.ts";
import { dice } from "../random/dice.ts";
import { MILLIS_PER_DAY } from "../units.ts";
import { type EventForecast, remainingLife } from "./remaining-life.ts";

/** When a parameter will reach the value at which its part of the machine behaves otherwise. All times in ms since the Unix epoch. */
export interface RegimeForecast extends Omit<EventForecast, "slope"> {
  readonly parameter: string;
  /** Unit of the parameter per day. */
  readonly slopePerDay: number;
}

/** Less probable within the horizon is not told: every bearing would have its forecast, none worth reading. */
const WORTH_TELLING = 0.05;

/** How far back a trend looks, ms: wear of a week ago says little of how it goes on. */
export const memoryOf = ({ policy }: TwinDefinition): number => policy.schedule / 2;

/**
 * Forecasts of every parameter that may change its regime within two schedules, from its causal history.
 *
 * A function of the data alone: the futures are drawn from dice that are named by the twin, the parameter and the time.
 */
export function regimeForecasts(
  definition: TwinDefinition,
  trace: readonly PosteriorPoint[],
  posterior: CandidatePosterior,
): RegimeForecast[] {
  const model = steadyModel(definition.model);
  const outputs = new Float64Array(model.outputs.length);
  model.evaluate(
    Float64Array.from(posterior.parameters, ({ mean }) => mean),
    outputs,
  );
  const limits = new Float64Array(definition.parameters.length);
  model.kinks(outputs, limits);
  const days = (millis: number): number => millis / MILLIS_PER_DAY;
  return definition.parameters.flatMap(({ id, bounds, drift }, index): RegimeForecast[] => {
    const limit = entry(limits, index);
    const known = posterior.parameters[index]?.mean ?? 0;
    if (!(limit < bounds[1]) || known >= limit) return [];
    const history = trace.flatMap(({ at, parameters }) => {
      const found = parameters[index];
      return found ? [{ at: days(at), mean: found.mean, sd: found.sd }] : [];
    });
    const result = remainingLife(history, {
      rate: drift,
      limit,
      direction: "rising",
      memory: days(memoryOf(definition)),
      horizon: days(2 * definition.policy.schedule),
      dice: dice(definition.id).split(id).split(posterior.at),
    });
    if (result.kind !== "forecast" || result.forecast.probability < WORTH_TELLING) return [];
    const { slope, ...forecast } = result.forecast;
    return [{ parameter: id, slopePerDay: slope, ...inMillis(forecast) }];
  });
}

function inMillis(forecast: Omit<EventForecast, "slope">): Omit<EventForecast, "slope"> {
  const millis = (day: number | null): number | null => (day === null ? null : day * MILLIS_PER_DAY);
  const [earliest, latest] = forecast.interval90;
  return {
    ...forecast,
    madeAt: forecast.madeAt * MILLIS_PER_DAY,
    horizon: forecast.horizon * MILLIS_PER_DAY,
    median: millis(forecast.median),
    interval90: [millis(earliest), millis(latest)],
  };
}

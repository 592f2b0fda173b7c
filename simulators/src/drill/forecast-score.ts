import type { DrillEntry } from "@plumbline/twin/contract/machine-log";

type Told = Extract<DrillEntry, { type: "forecast" }>;

/** A forecast of the day on which a parameter reaches its limit, against the truth; days, null: not, or not within the horizon. */
export interface ForecastScore {
  /** When the true value reached the limit that the forecast named; null: never. */
  readonly event: number | null;
  readonly madeOn: number;
  readonly median: number | null;
  readonly interval90: Told["interval90"];
  readonly covers: boolean;
}

/** A forecast is scored when it leaves so many days to act on it. */
const LEAD = 2;

/** The newest forecast of each parameter that was made `LEAD` days before its event; the newest of all where there was none. */
export function scoreForecasts(
  log: readonly DrillEntry[],
  parameters: readonly string[],
  days: readonly number[],
  truth: (parameter: string, day: number) => number,
): Readonly<Record<string, ForecastScore>> {
  const told = log.flatMap((entry) => (entry.type === "forecast" ? [entry] : []));
  return Object.fromEntries(
    parameters.flatMap((parameter): [string, ForecastScore][] => {
      const own = told.filter((entry) => entry.parameter === parameter);
      const event = (limit: number): number | null =>
        days.find((day) => truth(parameter, day) >= limit) ?? null;
      const early = own.filter(({ t, limit }) => t <= (event(limit) ?? Number.POSITIVE_INFINITY) - LEAD);
      const scored = early.at(-1);
      if (!scored) return [];
      const { t, limit, median, interval90 } = scored;
      const happened = event(limit);
      const [earliest, latest] = interval90;
      const covers =
        happened === null
          ? latest === null
          : (earliest ?? Number.POSITIVE_INFINITY) <= happened &&
            happened <= (latest ?? Number.POSITIVE_INFINITY);
      return [[parameter, { event: happened, madeOn: t, median, interval90, covers }]];
    }),
  );
}

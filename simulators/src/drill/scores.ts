import type { DrillEntry } from "@plumbline/twin/contract/machine-log";

/** The truth of one parameter at a day, and when it begins to change. */
export interface Truth {
  readonly parameter: string;
  readonly at: (day: number) => number;
}

export interface ParameterScore {
  readonly rmse: number | null;
  readonly rmseInForce: number | null;
  /** Share of times at which the truth lay in the causal 90 % interval. */
  readonly coverage90: number | null;
  /** Mean interval score, α = 0.1. @see Gneiting & Raftery (2007), JASA 102, §6.2. */
  readonly score90: number | null;
}

/** Times in a log are rounded; two times this close (days) are the same. */
const SAME = 1e-6;
const ALPHA = 0.1;

/** What was known, or in force, at each of the scored days: the newest entry at or before it. */
function* known<T extends { readonly t: number }>(
  entries: readonly T[],
  days: readonly number[],
): Generator<readonly [number, T | undefined]> {
  let next = 0;
  let current: T | undefined;
  for (const day of days) {
    while (next < entries.length && (entries[next] as T).t <= day + SAME) current = entries[next++];
    yield [day, current];
  }
}

/** `days`: the sampling times at which a parameter is scored. Null when any of them has no entry yet. */
export function scoreParameter(
  log: readonly DrillEntry[],
  { parameter, at }: Truth,
  days: readonly number[],
): ParameterScore {
  const posteriors = log.filter(
    (entry) => entry.type === "posterior" && entry.parameter === parameter,
  ) as Extract<DrillEntry, { type: "posterior" }>[];
  const inForce = log.filter((entry) => entry.type === "inforce" && entry.parameter === parameter) as Extract<
    DrillEntry,
    { type: "inforce" }
  >[];
  let square = 0;
  let covered = 0;
  let interval = 0;
  for (const [day, entry] of known(posteriors, days)) {
    const truth = at(day);
    const [low, high] = entry?.interval90 ?? [Number.NaN, Number.NaN];
    square += ((entry?.mean ?? Number.NaN) - truth) ** 2;
    covered += low <= truth && truth <= high ? 1 : 0;
    interval += high - low + (2 / ALPHA) * (Math.max(0, low - truth) + Math.max(0, truth - high));
  }
  let forced = 0;
  for (const [day, entry] of known(inForce, days)) forced += ((entry?.value ?? Number.NaN) - at(day)) ** 2;
  const mean = (sum: number): number | null =>
    days.length === 0 || Number.isNaN(sum) ? null : sum / days.length;
  const root = (sum: number): number | null => (mean(sum) === null ? null : Math.sqrt(mean(sum) as number));
  return {
    rmse: root(square),
    rmseInForce: root(forced),
    coverage90: Number.isNaN(square) ? null : mean(covered),
    score90: mean(interval),
  };
}

/** First alarm at or after the onset, and the number of alarms before it, over all charts. */
export function scoreAlarms(
  log: readonly DrillEntry[],
  onset: number,
): { readonly alarmDay: number | null; readonly falseAlarms: number } {
  const days = log.flatMap((entry) => (entry.type === "alarm" ? [entry.t] : []));
  return {
    alarmDay: days.find((day) => day >= onset) ?? null,
    falseAlarms: days.filter((day) => day < onset).length,
  };
}

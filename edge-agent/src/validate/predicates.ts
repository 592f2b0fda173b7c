import type { Quality, Reason } from "@plumbline/twin/contract/reading";
import type { SignalDefinition } from "@plumbline/twin/definition/twin-definition";
import type { SignalHistory } from "./signal-history.ts";

/** What a predicate makes of a reading; `undefined`: nothing to object. */
export type Mark = { readonly quality: Exclude<Quality, "GOOD">; readonly reason: Reason } | undefined;

export interface Candidate {
  readonly value: number;
  readonly at: number;
  readonly status?: string;
  readonly boot?: string;
  readonly counter?: number;
}
export interface Context {
  readonly signal: SignalDefinition;
  readonly history: SignalHistory;
  /** Event times above this cannot be honest yet. */
  readonly latestHonest: number;
}
type Predicate = (candidate: Candidate, context: Context) => Mark;

const bad = (reason: Reason): Mark => ({ quality: "BAD", reason });
const uncertain = (reason: Reason): Mark => ({ quality: "UNCERTAIN", reason });

/** JSON carries no NaN: a sensor that has no value says so in words. */
export const notFinite: Predicate = ({ value }) => (Number.isFinite(value) ? undefined : bad("not-finite"));

/** The sensor's own word on itself (OPC UA's three classes, in any case of letters). */
export const sensorStatus: Predicate = ({ status }) => {
  if (status === undefined || /^(good|ok)$/i.test(status)) return undefined;
  return /^uncertain/i.test(status) ? uncertain("sensor-status") : bad("sensor-status");
};

/** An event time that has not come yet: the source's clock is wrong. The past is never wrong by itself: outages are long. */
export const clock: Predicate = ({ at }, { latestHonest }) => (at > latestHonest ? bad("clock") : undefined);

/**
 * A factor of 1000 off: the unit was mistaken (Pa and kPa, rad and mrad).
 *
 * Too large: v/1000 is within a fifth of what the machine does, and v itself is impossible or an impossible jump.
 * Too small: judged only where v · 1000 fits *and* a machine at rest could not read v, that is v is 8 σ off zero.
 */
export const unitScale: Predicate = ({ value }, { signal, history }) => {
  const usual = [signal.nominal, ...(history.value === null ? [] : [history.value])];
  const fits = (scaled: number): boolean =>
    usual.some((expected) => expected !== 0 && Math.abs(scaled / expected - 1) <= 0.2);
  const jumped =
    history.value !== null &&
    Math.abs(value) > 100 * Math.max(Math.abs(history.value), Math.abs(signal.nominal));
  if ((isOutside(value, signal) || jumped) && fits(value / 1_000)) return bad("unit-scale");
  const aboveRest = Math.abs(value) >= 8 * signal.noise + Math.abs(signal.bias) * 8;
  const fellFar = history.value !== null && Math.abs(history.value) > 100 * Math.abs(value);
  return aboveRest && fellFar && fits(value * 1_000) ? bad("unit-scale") : undefined;
};

const isOutside = (value: number, { range: [low, high] }: SignalDefinition): boolean =>
  value < low || value > high;

/** Physically impossible for this sensor. */
export const range: Predicate = ({ value }, { signal }) =>
  isOutside(value, signal) ? bad("range") : undefined;

/** Noise alone stays inside this many σ: 10⁻³⁰ a reading. */
const CERTAIN = 12;

/** Faster than the definition believes the machine can change. It may be the definition that is wrong: not BAD. */
export const rate: Predicate = ({ value, at }, { signal, history }) => {
  if (history.value === null || at <= history.at) return undefined;
  const allowed = (signal.maxRate * (at - history.at)) / 1_000 + CERTAIN * signal.noise;
  return Math.abs(value - history.value) > allowed ? uncertain("rate") : undefined;
};

/**
 * One reading far off a signal that has been calm. A line that starts, stops or slips looks the same in its first
 * reading, so a spike is only called where the machine could hardly have moved so far (a quarter of its rate limit).
 */
export const spike: Predicate = ({ value, at }, { signal, history }) => {
  if (history.value === null || history.before.length < 3 || at <= history.at) return undefined;
  const recent = [history.value, ...history.before];
  const calm = Math.max(...recent) - Math.min(...recent) <= CERTAIN * signal.noise;
  const reach = (0.25 * signal.maxRate * (at - history.at)) / 1_000 + CERTAIN * signal.noise;
  return calm && Math.abs(value - history.value) > reach ? uncertain("spike") : undefined;
};

/** The source counts on while its event time stands or runs back: its clock is stuck. */
export const stale: Predicate = ({ at, boot, counter }, { history }) => {
  if (boot === undefined || counter === undefined || boot !== history.boot || history.value === null)
    return undefined;
  return counter > history.counter && at < history.at ? uncertain("stale") : undefined;
};

/** In the order of their authority: the first mark stands. */
export const PREDICATES: readonly Predicate[] = [
  notFinite,
  sensorStatus,
  clock,
  unitScale,
  range,
  stale,
  rate,
  spike,
];

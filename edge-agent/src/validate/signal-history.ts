/**
 * What validation remembers of one signal: a function of its judged readings alone, so that a replay of the journal
 * rebuilds it bit for bit. Plain JSON.
 */
export interface SignalHistory {
  /** Newest usable reading. */
  readonly value: number | null;
  readonly at: number;
  /** The three newest usable values before {@link value}, newest first. */
  readonly before: readonly number[];
  readonly boot: string | null;
  readonly counter: number;
  /** Readings in a row with the same value, the newest included. */
  readonly run: number;
  /** Share of readings that differ from the one before: exponential mean, taken where the present run began. */
  readonly activity: number;
  /** Smallest step ever seen between two readings: the sensor's own resolution. 0: none seen yet. */
  readonly step: number;
}

export const NO_HISTORY: SignalHistory = {
  value: null,
  at: 0,
  before: [],
  boot: null,
  counter: 0,
  run: 0,
  activity: 0,
  step: 0,
};

/** Weight of the newest reading in {@link SignalHistory.activity}. */
const MEMORY = 1 / 32;

export interface Accepted {
  readonly value: number;
  readonly at: number;
  readonly usable: boolean;
  readonly boot?: string;
  readonly counter?: number;
}

export function remember(
  history: SignalHistory,
  { value, at, usable, boot, counter }: Accepted,
): SignalHistory {
  const identity = { boot: boot ?? history.boot, counter: counter ?? history.counter };
  // A frozen reading is not usable, but its run must go on growing, or it would look healthy again at once.
  const repeats = history.value !== null && value === history.value;
  if (!usable && !repeats) return { ...history, ...identity };
  if (history.value === null) return { ...history, ...identity, value, at, run: 1 };
  const change = Math.abs(value - history.value);
  return {
    value,
    at: Math.max(at, history.at),
    before: repeats ? history.before : [history.value, ...history.before].slice(0, 3),
    ...identity,
    run: repeats ? history.run + 1 : 1,
    activity: repeats ? history.activity : decay(history.activity, history.run),
    step: repeats ? history.step : Math.min(history.step || Number.POSITIVE_INFINITY, change),
  };
}

/** The run that ends now brought `run − 1` repeats and then one change. */
const decay = (activity: number, run: number): number =>
  activity * (1 - MEMORY) ** Math.min(run, 64) + MEMORY;

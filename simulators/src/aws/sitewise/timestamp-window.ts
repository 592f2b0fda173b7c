/** A SiteWise timestamp: whole seconds since the epoch and nanoseconds within. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

const NANOS_PER_MS = 1_000_000;

/**
 * Is a time inside [now − oldest, now + newest], both ends included? `now` and the spans in ms.
 * Exact to the nanosecond: a double of ms since the epoch is not.
 */
export function insideWindow(time: Timestamp, now: number, oldest: number, newest: number): boolean {
  const ms = time.seconds * 1_000 + Math.floor(time.nanos / NANOS_PER_MS);
  const rest = time.nanos % NANOS_PER_MS;
  const first = Math.floor(now) - oldest;
  const last = Math.floor(now) + newest;
  return ms >= first && (ms < last || (ms === last && rest === 0));
}

export const timestampOf = (ms: number): Timestamp => {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * NANOS_PER_MS) };
};

export const msOf = ({ seconds, nanos }: Timestamp): number => seconds * 1_000 + nanos / NANOS_PER_MS;

export const wireTimestamp = ({
  seconds,
  nanos,
}: Timestamp): { timeInSeconds: number; offsetInNanos: number } => ({
  timeInSeconds: seconds,
  offsetInNanos: nanos,
});

import type { EvidenceRow } from "@plumbline/twin/calibration/rows";

/**
 * Rows that may be assimilated now: those that nothing in the frame stream can still change without being out of order.
 * A row is settled when the stream has passed it, or when every signal has reported. So the posterior does not depend on
 * where a frame, or a job, happened to end.
 *
 * @param highest highest event time of the contiguous frames.
 */
export const settled = (rows: readonly EvidenceRow[], highest: number): readonly EvidenceRow[] =>
  rows.filter(({ at, values }) => at < highest || !values.some(Number.isNaN));

/**
 * The rows that a verdict rests on: since the incumbent came into force, but no older than `oldest`, and at least
 * `least` in-mode rows where there are so many.
 */
export function recentRows(
  rows: readonly EvidenceRow[],
  since: number,
  oldest: number,
  least: number,
): readonly EvidenceRow[] {
  const start = Math.max(since, oldest);
  const recent = rows.filter(({ at }) => at > start);
  if (recent.filter(({ inMode }) => inMode).length >= least) return recent;
  const counted = rows.filter(({ inMode }) => inMode);
  const first = counted.at(-Math.min(least, counted.length));
  return first ? rows.filter(({ at }) => at >= Math.min(first.at, start + 1)) : recent;
}

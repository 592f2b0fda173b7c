/** Readings counted as sets of (signal, event time). */
export interface ReadingCount {
  /** Acknowledged to the plant by its broker while the agent's session existed. */
  readonly published: number;
  /** With a point in SiteWise. */
  readonly stored: number;
  /** Published, not stored, and not inside a gap record of that signal. */
  readonly lost: number;
  /** Conflicts that were resolved. */
  readonly merged: number;
  /** Points beyond one per property and time. */
  readonly duplicated: number;
}

export interface Gap {
  readonly signal?: string;
  readonly from: number;
  readonly to: number;
}

export function countReadings(
  published: readonly { readonly signal: string; readonly t: number }[],
  stored: ReadonlyMap<string, readonly number[]>,
  gaps: readonly Gap[],
  merged: number,
): ReadingCount {
  const sets = new Map([...stored].map(([signal, times]) => [signal, new Set(times)]));
  const asked = new Set<string>();
  let lost = 0;
  for (const { signal, t } of published) {
    if (asked.has(`${signal}|${t}`)) continue;
    asked.add(`${signal}|${t}`);
    const known = sets.get(signal)?.has(t) ?? false;
    if (
      !known &&
      !gaps.some((gap) => (gap.signal === undefined || gap.signal === signal) && gap.from <= t && t <= gap.to)
    )
      lost++;
  }
  const points = [...stored.values()].reduce((sum, times) => sum + times.length, 0);
  const distinct = [...sets.values()].reduce((sum, times) => sum + times.size, 0);
  return { published: asked.size, stored: distinct, lost, merged, duplicated: points - distinct };
}

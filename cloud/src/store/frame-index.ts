/**
 * Which archived frames hold which event times, so that a recalibration reads only what it needs. Holds:
 *  - every usable reading of the chain lies inside the span of the entry that covers its frame;
 *  - the newest {@link EXACT} frames have an entry each; older neighbours are merged, so the index stays bounded
 *    and errs only towards reading more.
 */
export interface IndexEntry {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  /** Lowest and highest event time of readings that may be assimilated; from > to (1, 0): none. */
  readonly from: number;
  readonly to: number;
  readonly readings: number;
}

export const EXACT = 256;
const MAX_ENTRIES = 2 * EXACT;

export function addEntry(index: readonly IndexEntry[], entry: IndexEntry): readonly IndexEntry[] {
  const grown = [...index, entry];
  return grown.length <= MAX_ENTRIES
    ? grown
    : [...mergePairs(grown.slice(0, -EXACT)), ...grown.slice(-EXACT)];
}

function mergePairs(entries: readonly IndexEntry[]): IndexEntry[] {
  const merged: IndexEntry[] = [];
  for (let at = 0; at < entries.length; at++) {
    const left = entries[at];
    const right = entries[at + 1];
    if (!left) continue;
    if (right && left.epoch === right.epoch && left.last + 1 === right.first) {
      merged.push(joined(left, right));
      at += 1;
    } else merged.push(left);
  }
  return merged;
}

function joined(left: IndexEntry, right: IndexEntry): IndexEntry {
  const spans = [left, right].filter(({ from, to }) => from <= to);
  const empty = spans.length === 0;
  return {
    epoch: left.epoch,
    first: left.first,
    last: right.last,
    from: empty ? left.from : Math.min(...spans.map(({ from }) => from)),
    to: empty ? left.to : Math.max(...spans.map(({ to }) => to)),
    readings: left.readings + right.readings,
  };
}

/** The entries that may hold a reading later than `after`. */
export const entriesAfter = (index: readonly IndexEntry[], after: number): readonly IndexEntry[] =>
  index.filter(({ to }) => to > after);

/** Where a reader stands: everything up to here has been used. */
export interface Position {
  readonly epoch: string;
  readonly sequence: number;
}

/**
 * Lowest event time that frames after `position` may have changed; ∞ when there are none. A position that is not in
 * the index makes all of it new: reading more is the safe side.
 */
export function dirtyFrom(index: readonly IndexEntry[], position: Position | undefined): number {
  const used = index.findLastIndex(
    ({ epoch, last }) => epoch === position?.epoch && last <= position.sequence,
  );
  const fresh = index.slice(used + 1).filter(({ from, to }) => from <= to);
  return Math.min(Number.POSITIVE_INFINITY, ...fresh.map(({ from }) => from));
}

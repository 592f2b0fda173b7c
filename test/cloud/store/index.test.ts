import { describe, expect, test } from "vitest";
import {
  addEntry,
  dirtyFrom,
  EXACT,
  entriesAfter,
  type IndexEntry,
} from "../../../cloud/src/store/frame-index.ts";
import { type CheckpointEntry, keepCheckpoints } from "../../../cloud/src/store/posterior-head.ts";

const frame = (sequence: number, from: number, to: number, epoch = "a"): IndexEntry => ({
  epoch,
  first: sequence,
  last: sequence,
  from,
  to,
  readings: 10,
});
const indexed = (entries: readonly IndexEntry[]): readonly IndexEntry[] =>
  entries.reduce<readonly IndexEntry[]>((index, entry) => addEntry(index, entry), []);

describe("the frame index", () => {
  const many = Array.from({ length: 5_000 }, (_, at) => frame(at + 1, at * 10, at * 10 + 9));

  test("stays bounded however many frames come, and covers every one of them once", () => {
    const index = indexed(many);
    expect(index.length).toBeLessThanOrEqual(2 * EXACT);
    expect(
      index.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at)),
    ).toEqual(many.map(({ first }) => first));
    expect(index.reduce((sum, { readings }) => sum + readings, 0)).toBe(50_000);
  });

  test("finds every frame that may hold a later reading, and few others", () => {
    const found = entriesAfter(indexed(many), 49_000);
    expect(found[0]?.first).toBeLessThanOrEqual(4_901);
    expect(found.at(-1)?.last).toBe(5_000);
    expect(found.reduce((sum, { first, last }) => sum + last - first + 1, 0)).toBeLessThan(120);
  });

  test("an entry without usable readings neither dirties nor widens a neighbour", () => {
    const index = indexed([frame(1, 100, 200), frame(2, 1, 0)]);
    expect(dirtyFrom(index, { epoch: "a", sequence: 1 })).toBe(Number.POSITIVE_INFINITY);
    const merged = addEntryUntilMerged([frame(1, 100, 200), frame(2, 1, 0)]);
    expect(merged[0]).toMatchObject({ first: 1, last: 2, from: 100, to: 200 });
  });

  test("tells how far back new frames reach: nowhere, to an out-of-order reading, or to the beginning", () => {
    const index = indexed([frame(1, 0, 9), frame(2, 10, 19), frame(3, 5, 29), frame(1, 30, 39, "b")]);
    expect(dirtyFrom(index, { epoch: "a", sequence: 3 })).toBe(30);
    expect(dirtyFrom(index, { epoch: "a", sequence: 2 })).toBe(5);
    expect(dirtyFrom(index, { epoch: "b", sequence: 1 })).toBe(Number.POSITIVE_INFINITY);
    expect(dirtyFrom(index, undefined)).toBe(0);
    expect(dirtyFrom(index, { epoch: "lost", sequence: 7 })).toBe(0);
  });
});

/** Grows an index until its oldest entries have been merged once. */
function addEntryUntilMerged(start: readonly IndexEntry[]): readonly IndexEntry[] {
  let index: readonly IndexEntry[] = start;
  for (let sequence = start.length + 1; index[0]?.last === 1; sequence++)
    index = addEntry(index, frame(sequence, sequence, sequence));
  return index;
}

describe("checkpoints", () => {
  test("nine are kept: the newest, the oldest, and the wider apart the older they are", () => {
    let kept: readonly CheckpointEntry[] = [];
    for (let at = 1; at <= 500; at++)
      kept = keepCheckpoints(kept, [{ id: `c${at}`, at, position: { epoch: "a", sequence: at } }]);
    const ages = kept.map(({ at }) => 500 - at);
    expect(kept).toHaveLength(9);
    expect([ages[0], ages.at(-1)]).toEqual([0, 499]);
    expect(ages[1]).toBeLessThan(5);
    const gaps = ages.slice(1).map((age, index) => age - (ages[index] ?? 0));
    expect(Math.max(...gaps)).toBe(gaps.at(-1));
  });
});

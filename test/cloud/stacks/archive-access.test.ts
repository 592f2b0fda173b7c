import { describe, expect, test } from "vitest";
import { INGEST_ACCESS, JOB_ACCESS, PLANNER_ACCESS } from "../../../cloud/src/stacks/archive.ts";
import * as layout from "../../../cloud/src/store/layout.ts";

/** The first level of every key that the product makes, by trying every function of the layout. */
const used = new Set(
  Object.values(layout as Record<string, unknown>)
    .map((part) => (typeof part === "function" ? keyOf(part as (...names: unknown[]) => unknown) : part))
    .filter((key): key is string => typeof key === "string" && key.includes("/"))
    .map((key) => key.slice(0, key.indexOf("/"))),
);

/** A key of any function of the layout; the lane is a word of its own. */
function keyOf(make: (...names: unknown[]) => unknown): unknown {
  return make.name === "laneKey" ? make("bulk", "line-1", "e", 1) : make("line-1", "main", 1);
}
const lanes = (["bulk", "held", "parked", "dead-letter"] as const).map(
  (lane) => layout.laneKey(lane, "a", "b", 1).split("/")[0],
);
const roles = [INGEST_ACCESS, JOB_ACCESS, PLANNER_ACCESS];

describe("the archive", () => {
  test("has a writer for every folder that the product uses; requests are the operator's", () => {
    const written = new Set<string>(roles.flatMap(({ write }) => write));
    expect(used.size).toBeGreaterThan(8);
    expect(
      [...used, ...lanes].filter((folder) => folder !== "requests" && !written.has(folder ?? "")),
    ).toEqual([]);
  });

  test("gives no role a folder that the product does not use", () => {
    const granted = new Set<string>(
      roles.flatMap(({ read, write, remove }) => [...read, ...write, ...remove]),
    );
    expect(
      [...granted].filter((folder) => !used.has(folder.split("/")[0] ?? "") && !lanes.includes(folder)),
    ).toEqual([]);
  });

  test("has one writer for each folder, but for what is parked by whoever finds it", () => {
    const written = roles.flatMap(({ write }) => write).filter((folder) => folder !== "parked");
    expect(written).toHaveLength(new Set(written).size);
  });

  test("never lets a frame, a posterior, evidence or a signed set be deleted", () => {
    const removed = roles.flatMap(({ remove }) => remove);
    expect(
      removed.filter((folder) => ["frames", "posterior", "evidence", "sets", "state"].includes(folder)),
    ).toEqual([]);
  });
});

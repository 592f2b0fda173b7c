import { FaultsError } from "@plumbline/twin/errors";
import { describe, expect, test } from "vitest";
import { readDeployment } from "../../../cloud/src/stacks/deployment.ts";
import { ruleSql } from "../../../cloud/src/stacks/topic-rules.ts";

describe("the deployment's context", () => {
  test("is told with all its faults at once", () => {
    const read = (): unknown =>
      readDeployment({
        fleet: [
          { thing: "line 1", instance: "main", twin: "web-line" },
          { thing: "line-2", instance: "main", twin: "wbe-line" },
        ],
        ingestShards: 3,
        jobsAtOnce: 0,
      });
    expect(read).toThrow(FaultsError);
    try {
      read();
    } catch (error) {
      expect((error as FaultsError).faults.map(({ path }) => path)).toEqual([
        "plumbline.fleet[0].thing",
        "plumbline.fleet[1].twin",
        "plumbline.ingestShards",
        "plumbline.jobsAtOnce",
      ]);
    }
  });

  test("wants at least one machine, and each once", () => {
    expect(() => readDeployment(undefined)).toThrow(/plumbline\.fleet: missing/);
    const machine = { thing: "line-1", instance: "main", twin: "web-line" };
    expect(() => readDeployment({ fleet: [machine, machine] })).toThrow(/line-1\/main twice/);
  });
});

describe("a rule's SQL", () => {
  test("gives every first digit of a hash to exactly one shard", () => {
    for (const count of [2, 4, 8, 16]) {
      const digits = Array.from(
        { length: count },
        (_, index) => /indexof\('(\w+)'/.exec(ruleSql("a/+/b", "frame", { index, count }))?.[1],
      );
      expect(digits.join("")).toBe("0123456789abcdef");
    }
  });

  test("filters nothing when there is one shard", () => {
    expect(ruleSql("a/+/b", "frame", { index: 0, count: 1 })).toMatch(/ FROM 'a\/\+\/b'$/);
  });
});

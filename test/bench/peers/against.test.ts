import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { againstPeer, type PeerTask } from "./against.ts";
import { findPython, PYTHONS } from "./python.ts";

const task: PeerTask = {
  name: "nothing",
  modules: [],
  script: "kalman.py",
  task: "filter",
  prepare: () => ({ input: {}, run: () => [1], scale: 1 }),
  unit: "ms",
  target: 1,
  tolerance: 0,
};

describe("a row against a peer", () => {
  test("is skipped by name where there is no Python, and nothing is prepared", async () => {
    const prepare = (): never => {
      throw new Error("prepared");
    };
    const row = await againstPeer({ ...task, prepare }, ["/nowhere/python3"]).run();
    expect(row).toMatchObject({ name: "peer:nothing", skipped: "no /nowhere/python3", holds: false });
  });
});

describe.skipIf(!PYTHONS.some((python) => existsSync(python)))("with Python", () => {
  test("the modules that are missing are named", () => {
    expect(findPython(["json", "no_such_module"], ["/usr/bin/python3"])).toEqual({
      lacking: "/usr/bin/python3 lacks no_such_module",
    });
    expect(findPython(["json"], ["/usr/bin/python3"])).toEqual({ python: "/usr/bin/python3" });
  });

  test("a peer that ends instead of answering is skipped with its last words", async () => {
    const row = await againstPeer({ ...task, script: "no-such-script.py" }, ["/usr/bin/python3"]).run();
    expect(row.skipped).toMatch(/^Python ended: .*No such file/);
  });

  test("a product that fails is a failure, not a row that is skipped", async () => {
    const run = (): never => {
      throw new Error("of the product");
    };
    const failing = againstPeer({ ...task, prepare: () => ({ input: {}, run, scale: 1 }) }, [
      "/usr/bin/python3",
    ]);
    await expect(failing.run()).rejects.toThrow("of the product");
  });
});

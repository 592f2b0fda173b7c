import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { builtEntry } from "../../support/build-workspace.ts";
import { key, type Opened, story } from "./plant-story.ts";

let entry = "";
beforeAll(() => {
  entry = builtEntry("simulators", "plant/main.js");
});

const open: Opened = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

describe("a plant in lock-step", () => {
  const isAnswer = (line: Record<string, unknown>): boolean => "published" in line || "error" in line;

  test("publishes a row when asked, moves the frontier, and only then answers", async () => {
    const at = await story(entry, open, { rate: "lockstep" });
    const plant = at.start();
    for (const row of [0, 1, 2]) {
      const t = 1_700_000_000_000 + row * 60_000;
      expect(await plant.ask({ publish: row }, isAnswer)).toEqual({ published: row, t, readings: 21 });
      expect(at.frontier()).toBe(t);
      expect(at.broker.sessions()[0]?.waiting).toBe(21 * (row + 1));
    }
    plant.child.stdin?.end();
    expect(await plant.exit).toBe(0);
    expect(at.logged()).toHaveLength(63);
  });

  test("answers a repeated request without publishing again, over a kill too", async () => {
    const at = await story(entry, open, { rate: "lockstep" });
    const plant = at.start();
    await plant.ask({ publish: 0 }, isAnswer);
    await plant.ask({ publish: 1 }, isAnswer);
    await plant.kill();
    const next = at.start();
    expect(await next.ask({ publish: 1 }, isAnswer)).toEqual({
      published: 1,
      t: 1_700_000_060_000,
      readings: 0,
    });
    expect(await next.ask({ publish: 2 }, isAnswer)).toMatchObject({ published: 2, readings: 21 });
    expect(at.logged()).toHaveLength(63);
  });

  test("refuses a row out of order, a row that does not exist, and what is no command", async () => {
    const at = await story(entry, open, { rate: "lockstep" });
    const plant = at.start();
    expect(await plant.ask({ publish: 5 }, isAnswer)).toMatchObject({ error: { code: "ROW_ORDER" } });
    expect(await plant.ask({ publish: 361 }, isAnswer)).toMatchObject({ error: { code: "NO_SUCH_ROW" } });
    expect(await plant.ask("publish 1", isAnswer)).toMatchObject({ error: { code: "BAD_COMMAND" } });
    expect(await plant.ask({ publish: 0 }, isAnswer)).toMatchObject({ published: 0 });
  });

  test("with a log that a kill has torn, publishes the torn reading again and no other", async () => {
    const at = await story(entry, open, { rate: "lockstep" });
    const plant = at.start();
    await plant.ask({ publish: 0 }, isAnswer);
    await plant.kill();
    const log = path.join(at.folder, "published.ndjson");
    writeFileSync(log, readFileSync(log, "utf8").slice(0, -5));
    expect(await at.start().ask({ publish: 0 }, isAnswer)).toMatchObject({ published: 0, readings: 1 });
    expect(new Set(at.logged().map(key)).size).toBe(21);
  });
});

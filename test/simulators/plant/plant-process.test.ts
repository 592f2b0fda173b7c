import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { CutProxy } from "../../../simulators/src/network/cut-proxy.ts";
import { builtEntry } from "../../support/build-workspace.ts";
import { startProcess } from "../../support/line-process.ts";
import { expected, key, type Opened, story, takeAll } from "./plant-story.ts";

let entry = "";
beforeAll(() => {
  entry = builtEntry("simulators", "plant/main.js");
});

const open: Opened = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

describe("a plant that runs by the clock", () => {
  test("killed again and again, it loses no reading and doubles none in its log", async () => {
    const at = await story(entry, open, {});
    for (const rowsBefore of [20, 150, 151, 290]) {
      const plant = at.start();
      const reached = 1_700_000_000_000 + rowsBefore * 60_000;
      await expect.poll(at.frontier, { interval: 2, timeout: 10_000 }).toBeGreaterThanOrEqual(reached);
      await plant.kill();
      const times = at.logged().map(({ t }) => t);
      expect(at.frontier()).toBeLessThanOrEqual(Math.max(...times));
    }
    const last = at.start();
    expect(await last.find(({ event }) => event === "plant.finished")).toMatchObject({
      rows: 361,
      truth: { b3: 0, b9: 0 },
    });
    expect(await last.exit).toBe(0);

    const should = expected(at);
    const logged = at.logged().map(key);
    expect(new Set(logged).size).toBe(logged.length);
    expect(new Set(logged)).toEqual(new Set(should.keys()));
    expect(at.frontier()).toBe(1_700_000_000_000 + 360 * 60_000);

    const taken = await takeAll(at);
    expect(new Set(taken.map(({ signal, message }) => key({ signal, t: message.t })))).toEqual(
      new Set(should.keys()),
    );
    for (const { signal, message } of taken)
      expect(message.v).toBe(should.get(key({ signal, t: message.t })));
    // A reading that was acknowledged but not yet logged at a kill goes out again: under the same identity.
    expect(new Set(taken.map(({ message }) => `${message.boot}/${message.n}`)).size).toBe(should.size);
    const { received, dropped, unrouted } = at.broker.counters();
    expect({ dropped, unrouted, again: received - should.size <= 4 * 21 }).toEqual({
      dropped: 0,
      unrouted: 0,
      again: true,
    });
  });

  test("whose connection is cut again and again still publishes every row in order", async () => {
    let proxy: CutProxy | undefined;
    const at = await story(entry, open, { days: 0.1 }, async (port) => {
      proxy = await CutProxy.start({ host: "127.0.0.1", port: 0 }, { host: "127.0.0.1", port });
      const started = proxy;
      open.push(() => started.close());
      return proxy.port;
    });
    const plant = at.start();
    for (const row of [10, 60, 110]) {
      await expect
        .poll(at.frontier, { interval: 2, timeout: 10_000 })
        .toBeGreaterThanOrEqual(1_700_000_000_000 + row * 60_000);
      proxy!.become("cut");
      await plant.find(({ event }) => event === "plant.broker-unreachable");
      proxy!.become("pass");
    }
    expect(await plant.exit).toBe(0);
    const logged = at.logged().map(key);
    expect(logged).toEqual([...new Set(logged)]);
    expect(new Set(logged)).toEqual(new Set(expected(at).keys()));
    const taken = await takeAll(at);
    expect(new Set(taken.map(({ signal, message }) => key({ signal, t: message.t })))).toEqual(
      new Set(logged),
    );
  });

  test("tells of every simulated day", async () => {
    const at = await story(entry, open, { days: 3, samplingSeconds: 21_600, rate: 1_000_000 });
    const plant = at.start();
    expect(await plant.exit).toBe(0);
    expect(
      plant.lines.filter(({ event }) => event === "plant.day").map(({ day, row }) => [day, row]),
    ).toEqual([
      [1, 3],
      [2, 7],
      [3, 11],
    ]);
  });

  test("asked to stop, it ends well and goes on later", async () => {
    const at = await story(entry, open, { days: 0.1 });
    const plant = at.start();
    await expect.poll(at.frontier, { interval: 2, timeout: 10_000 }).toBeGreaterThan(1_700_000_000_000);
    expect(await plant.kill("SIGTERM")).toBe(0);
    const rows = new Set(at.logged().map(({ t }) => t)).size;
    expect(rows).toBeLessThan(145);
    const next = at.start();
    expect(await next.find(({ event }) => event === "plant.started")).toMatchObject({ nextRow: rows });
    expect(await next.exit).toBe(0);
    expect(at.logged()).toHaveLength(145 * 21);
  });

  test("refused by the broker, it says so and ends with 1", async () => {
    const at = await story(entry, open, {});
    const config = path.join(at.folder, "wrong.json");
    writeFileSync(
      config,
      JSON.stringify({
        scenario: at.scenario,
        broker: { url: `mqtt://127.0.0.1:${at.broker.port}`, username: "line", password: "no" },
        clock: "c",
        published: "p",
      }),
    );
    const plant = startProcess(entry, ["--config", config]);
    expect(await plant.exit).toBe(1);
    expect(plant.lines).toContainEqual(
      expect.objectContaining({ event: "plant.failed", code: "BROKER_LOGIN" }),
    );
  });

  test("with a configuration of three faults it tells all three", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-plant-"));
    const config = path.join(folder, "plant.json");
    writeFileSync(
      config,
      JSON.stringify({ scenario: {}, broker: { url: "localhost", username: "line" }, clock: "c" }),
    );
    const plant = startProcess(entry, ["--config", config]);
    expect(await plant.exit).toBe(1);
    const { message } = await plant.find(({ event }) => event === "plant.failed");
    expect(message).toMatch(/has 3 faults:\n {2}broker\.url: .*\n {2}broker\.password: .*\n {2}published: /);
  });
});

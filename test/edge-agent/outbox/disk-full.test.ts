import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, test } from "vitest";
import { configIn, scratch, startInProcess } from "../support/agents.ts";
import { clientOf, openBroker, publishReadings, until } from "../support/brokers.ts";
import { lineReadings } from "../support/journals.ts";

const mount = path.join(scratch(), "small-disk");
fs.mkdirSync(mount);
const mounted =
  process.getuid?.() === 0 &&
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=1536k", "tmpfs", mount]).status === 0;
afterAll(() => {
  if (mounted) spawnSync("umount", [mount]);
});

test.skipIf(!mounted)(
  "a full disk stops acknowledgements, is told, and is gone through without loss when there is room again (needs root: tmpfs)",
  async () => {
    const plant = await openBroker();
    const sensors = await clientOf(plant);
    const { config } = configIn(scratch(), plant.port, 1, {
      stateDir: mount,
      outbox: { path: path.join(mount, "outbox.db"), commitMillis: 5, capBytes: 100_000_000 },
    });
    const { pipeline, events } = await startInProcess(config);
    await until(() => plant.sessions().some(({ subscribed }) => subscribed));
    const filler = path.join(mount, "filler");
    const { bavail, bsize } = fs.statfsSync(mount);
    fs.writeFileSync(filler, Buffer.alloc(Math.max(bavail * bsize - 32 * 1024, 0)));
    const readings = lineReadings(150, 51);
    await publishReadings(sensors, readings);
    await until(() => events.some(({ name }) => name === "outbox.disk-full"));
    expect(pipeline.vitals(false)).toMatchObject({ idle: false, commit: { stuck: true } });
    const acknowledged = plant.counters().acknowledged;
    expect(acknowledged).toBeLessThan(readings.length);
    expect(acknowledged).toBeLessThanOrEqual(pipeline.vitals(false).committed);
    fs.rmSync(filler);
    await until(() => plant.counters().acknowledged === readings.length && pipeline.vitals(false).idle);
    expect(pipeline.vitals(false)).toMatchObject({ committed: readings.length, commit: { stuck: false } });
    expect(events.some(({ name }) => name === "outbox.disk-recovered")).toBe(true);
    await pipeline.stop();
    await Promise.all([sensors.endAsync(true), plant.close()]);
  },
);

test.skipIf(!mounted)(
  "an agent that starts on a full disk waits for room and then runs (needs root: tmpfs)",
  async () => {
    const folder = path.join(mount, "later");
    fs.mkdirSync(folder);
    const filler = path.join(mount, "filler");
    const { bavail, bsize } = fs.statfsSync(mount);
    fs.writeFileSync(filler, Buffer.alloc(Math.max(bavail * bsize, 0)));
    const { config } = configIn(scratch(), 1, 1, { stateDir: folder });
    const starting = startInProcess(config);
    await new Promise((resolve) => setTimeout(resolve, 200));
    fs.rmSync(filler);
    const { pipeline, events } = await starting;
    expect(events.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["outbox.disk-full", "agent.started"]),
    );
    await pipeline.stop();
  },
);

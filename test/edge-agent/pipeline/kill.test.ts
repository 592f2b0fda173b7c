import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, test } from "vitest";
import { readDoor } from "../../../edge-agent/src/health/door.ts";
import type { Vitals } from "../../../edge-agent/src/health/vitals.ts";
import { builtEntry } from "../../support/build-workspace.ts";
import { type LineProcess, startProcess } from "../../support/line-process.ts";
import { seeded } from "../../support/random.ts";
import { configIn, scratch } from "../support/agents.ts";
import { clientOf, openBroker, publishReadings, SmallCloud, until } from "../support/brokers.ts";
import { lineReadings } from "../support/journals.ts";

const running: LineProcess[] = [];
afterAll(async () => {
  for (const { kill } of running) await kill();
});

const start = (file: string): LineProcess => {
  const agent = startProcess(builtEntry("edge-agent", "main.js"), ["run", "--config", file]);
  running.push(agent);
  return agent;
};
const vitalsOf = async (stateDir: string): Promise<Vitals | undefined> => {
  const door = readDoor(stateDir);
  if (!door) return undefined;
  try {
    const response = await fetch(`http://${door.host}:${door.port}/healthz?state`, {
      headers: { authorization: "Bearer let me in" },
    });
    return (await response.json()) as Vitals;
  } catch {
    return undefined;
  }
};
const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

test("kill -9 at random moments loses and doubles no reading, and the frames equal those of an uninterrupted run", {
  timeout: 60_000,
}, async () => {
  const { uniform } = seeded(5);
  const readings = lineReadings(400, 31, (row) => (row < 200 ? 0.0002 : 0.0005 * (row - 200)));
  const results = [];
  for (const kills of [0, 6]) {
    const folder = scratch();
    const plant = await openBroker(0, 1_000);
    const cloudBroker = await openBroker();
    const cloud = await SmallCloud.open(cloudBroker);
    const sensors = await clientOf(plant);
    const { file, config } = configIn(folder, plant.port, cloudBroker.port);
    let agent = start(file);
    await until(() => plant.sessions().some(({ subscribed }) => subscribed));
    let published = 0;
    for (let round = 0; round <= kills; round++) {
      const until_ = Math.floor(((round + 1) / (kills + 1)) * readings.length);
      const publishing = publishReadings(sensors, readings.slice(published, until_));
      published = until_;
      if (round < kills) {
        await new Promise((resolve) => setTimeout(resolve, 20 + 400 * uniform()));
        await agent.kill("SIGKILL");
        agent = start(file);
      }
      await publishing;
    }
    await until(() => plant.sessions().every(({ waiting, inFlight }) => waiting + inFlight === 0));
    await until(async () => (await vitalsOf(config.stateDir))?.idle === true);
    const { stateHash } = (await vitalsOf(config.stateDir))!;
    const door = readDoor(config.stateDir)!;
    await fetch(`http://${door.host}:${door.port}/seal`, {
      method: "POST",
      headers: { authorization: "Bearer let me in" },
    });
    await until(() => cloud.readings.length >= readings.length);
    expect(isAlive(agent.child)).toBe(true);
    const from = performance.now();
    expect(await agent.kill("SIGTERM")).toBe(0);
    expect(performance.now() - from).toBeLessThan(4_000); // the promise that Greengrass needs
    results.push({
      stateHash,
      readings: cloud.readings,
      frames: cloud.frames.map(({ checkpoint: _slice, epoch: _epoch, ...frame }) => frame),
    });
    await Promise.all([
      cloud.client.endAsync(true),
      sensors.endAsync(true),
      plant.close(),
      cloudBroker.close(),
    ]);
    fs.rmSync(path.join(folder, "state"), { recursive: true });
  }
  const [whole, broken] = results;
  expect(whole?.readings).toHaveLength(readings.length);
  expect(broken?.readings).toEqual(whole?.readings);
  expect(broken?.frames).toEqual(whole?.frames);
  expect(broken?.stateHash).toBe(whole?.stateHash);
});

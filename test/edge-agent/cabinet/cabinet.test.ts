import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import { encodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import { expect, test } from "vitest";
import { examine } from "../../../edge-agent/src/cabinet/doctor.ts";
import { byHand } from "../../../edge-agent/src/cabinet/hand-commands.ts";
import { exportOutbox, inspectOutbox } from "../../../edge-agent/src/cabinet/outbox-commands.ts";
import { decodeConfig } from "../../../edge-agent/src/config.ts";
import type { EdgeEvent } from "../../../edge-agent/src/events.ts";
import { tellUnknown } from "../../../edge-agent/src/run-agent.ts";
import { builtEntry } from "../../support/build-workspace.ts";
import { configIn, scratch, startInProcess } from "../support/agents.ts";
import { Bench, lineReadings } from "../support/journals.ts";
import { publishable, WORN } from "../support/sets.ts";

/** A stopped agent with four frames, an open journal and version 2 in force. */
async function stopped(): Promise<ReturnType<typeof configIn>> {
  const made = configIn(scratch(), 1, 1);
  const bench = await Bench.open(made.config.outbox.path);
  const readings = lineReadings(130, 61, () => WORN);
  bench.record({ kind: "trial", set: encodeParameterSet(publishable(2)), kid: "k", at: readings[0]!.at });
  for (const reading of readings) bench.feed(reading);
  await bench.commit();
  await bench.outbox.close();
  return made;
}

test("outbox inspect and export show and copy everything unacknowledged, and change nothing", async () => {
  const { config } = await stopped();
  const before = fs.readFileSync(config.outbox.path);
  const inspection = inspectOutbox(config);
  expect(inspection).toMatchObject({
    check: "ok",
    acked: 0,
    slots: { incumbent: 2 },
    frames: { damaged: [] },
  });
  const folder = path.join(scratch(), "usb");
  const copied = exportOutbox(config, folder);
  expect(copied.readings + copied.journal).toBe(130 * 21);
  const frames = fs.readdirSync(folder).filter((name) => name.endsWith(".plf"));
  expect(frames).toHaveLength(inspection.frames.waiting);
  expect(
    frames.flatMap((name) => decodeFrame(fs.readFileSync(path.join(folder, name))).readings),
  ).toHaveLength(copied.readings);
  expect(fs.readFileSync(config.outbox.path).equals(before)).toBe(true);
});

test("revert without a running agent is carried out at its next start, once", async () => {
  const { config } = await stopped();
  expect(await byHand(config, "revert")).toMatchObject({ done: true });
  for (const start of [1, 2]) {
    const { pipeline, events } = await startInProcess(config);
    expect(pipeline.vitals(false)).toMatchObject({ set: 0, apply: { state: "held", version: 2 } });
    expect(events.filter(({ name }) => name === "parameters.reverted")).toHaveLength(start === 1 ? 1 : 0);
    await pipeline.stop();
  }
});

test("the doctor names each trouble with its next step", async () => {
  const { config } = await stopped();
  const findings = await examine(config);
  expect(findings.filter(({ state }) => state !== "ok").map(({ check }) => check)).toEqual([
    "pinned keys",
    "source",
    "uplink",
    "agent",
  ]);
  for (const { state, next } of findings) expect(next !== "").toBe(state !== "ok");
});

const run = (...words: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [builtEntry("edge-agent", "main.js"), "run", ...words], { encoding: "utf8" });

test("run --help shows a minimal configuration, and it is one", () => {
  const { status, stdout } = run("--help");
  expect(status).toBe(0);
  const example: unknown = JSON.parse(stdout.slice(stdout.indexOf("{"), stdout.lastIndexOf("}") + 1));
  const folder = scratch();
  fs.writeFileSync(path.join(folder, "health.token"), "t\n");
  expect(decodeConfig(example, "agent.json", folder).unknown).toEqual([]);
});

test("an unknown twin ends with exit code 78, a misspelt member is told when the agent starts", () => {
  const { file } = configIn(scratch(), 1, 1, { outbox: { capbytes: 1 } });
  const json = JSON.parse(fs.readFileSync(file, "utf8")) as object;
  fs.writeFileSync(file, JSON.stringify({ ...json, twin: { id: "steam-engine" } }));
  const { status, stderr } = run("--config", file);
  expect(status).toBe(78);
  expect(stderr).toMatch(/twin\.id: "steam-engine"; expected .*web-line/);
  const events: EdgeEvent[] = [];
  tellUnknown(decodeConfig(json, file, path.dirname(file)), (event) => void events.push(event));
  expect(events).toEqual([{ name: "config.unknown-member", member: "outbox.capbytes", nearest: "capBytes" }]);
});

test("a configuration with three faults ends with exit code 78 and all three on standard error", () => {
  const file = path.join(scratch(), "agent.json");
  fs.writeFileSync(
    file,
    JSON.stringify({
      twin: { id: "web-line" },
      thing: "a/b",
      instance: "main",
      stateDir: "s",
      source: { mqttUrl: "x" },
      uplink: { mqttUrl: "mqtt://127.0.0.1:1" },
      health: {},
    }),
  );
  const { status, stderr } = spawnSync(
    process.execPath,
    [builtEntry("edge-agent", "main.js"), "run", "--config", file],
    { encoding: "utf8" },
  );
  expect(status).toBe(78);
  expect(stderr).toMatch(/has 3 faults:\n {2}thing: .+\n {2}source\.mqttUrl: .+\n {2}health\.tokenFile: /);
});

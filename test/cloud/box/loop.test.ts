import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeAck } from "@plumbline/twin/contract/ack";
import type { Reading } from "@plumbline/twin/contract/reading";
import { ackTopic, frameTopic } from "@plumbline/twin/contract/topics";
import { webLine } from "@plumbline/twin/definition/web-line";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { S3Objects } from "../../../cloud/src/aws/s3-objects.ts";
import { SiteWise } from "../../../cloud/src/aws/sitewise-client.ts";
import { ArchiveHistory } from "../../../cloud/src/history/archive-history.ts";
import { SiteWiseHistory } from "../../../cloud/src/history/sitewise-history.ts";
import type { IngestState } from "../../../cloud/src/store/ingest-state.ts";
import { getJson } from "../../../cloud/src/store/json-object.ts";
import { readHead } from "../../../cloud/src/store/posterior-head.ts";
import { builtEntry } from "../../support/build-workspace.ts";
import { type LineProcess, startProcess } from "../../support/line-process.ts";
import { Gateway, healthyReadings, INSTANCE, lineReadings, PERIOD, T0, THING } from "../support/gateway.ts";

const ROWS = 120;
const story: readonly Reading[] = [
  ...healthyReadings(60, 1),
  ...lineReadings({ b3: 0.03, b9: 0.03 }, 60, 2, 60),
];
const BUCKET = "plumbline";
const REGION = "eu-central-1";
const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "AKIAPLUMBLINETEST000",
  AWS_SECRET_ACCESS_KEY: "a secret of the tests",
};

let directory: string;
interface Ports {
  readonly httpPort: number;
  readonly mqttPort: number;
}
let box: LineProcess;
let ports: Ports;
let clock: string;
let environment: Record<string, string>;
let mqttUrl: string;
const started: LineProcess[] = [];
const cloudMain = builtEntry("cloud", "main.js");

function run(...args: string[]): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, [cloudMain, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
function start(...args: string[]): LineProcess {
  const child = startProcess(cloudMain, args, environment);
  started.push(child);
  return child;
}

/** What a job of the box is given; the box fills in its port. */
const jobEnvironment = (clock: string): Record<string, string> => ({
  AWS_REGION: REGION,
  AWS_ENDPOINT_URL: "http://127.0.0.1:{httpPort}",
  PLUMBLINE_SITEWISE_DISABLE_HOST_PREFIX: "1",
  PLUMBLINE_ARCHIVE_BUCKET: BUCKET,
  PLUMBLINE_SIGNING_KEY: "alias/plumbline-signing",
  PLUMBLINE_SCENARIO_CLOCK: clock,
  ...CREDENTIALS,
});

const boxConfig = (clock: string): object => ({
  dataDir: path.join(directory, "data"),
  region: REGION,
  scenarioClock: clock,
  buckets: [BUCKET],
  credentials: [
    {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
      name: "cloud",
    },
  ],
  mqttUsers: [
    { username: THING, password: "secret-g", role: "thing", thing: THING },
    { username: "ingest", password: "secret-i", role: "ingest" },
  ],
  images: { recalibrate: ["node", builtEntry("cloud", "recalibrate/main.js")] },
  jobEnvironment: jobEnvironment(clock),
});

async function startBox(clock: string, wanted: Ports): Promise<Ports> {
  const file = path.join(directory, "box.json");
  writeFileSync(file, JSON.stringify({ ...boxConfig(clock), ...wanted }));
  box = startProcess(builtEntry("simulators", "aws/main.js"), ["--config", file]);
  const listening = await box.find(({ event }) => event === "box.listening");
  return { httpPort: Number(listening["httpPort"]), mqttPort: Number(listening["mqttPort"]) };
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "plumbline-cloud-"));
  clock = path.join(directory, "clock.json");
  writeFileSync(clock, JSON.stringify({ origin: T0, wallAnchor: 0, rate: 1e6 }));
  writeFileSync(`${clock}.frontier`, String(T0 + ROWS * PERIOD));
  writeFileSync(path.join(directory, "ingest.pw"), "secret-i\n");
  ports = await startBox(clock, { httpPort: 0, mqttPort: 0 });
  mqttUrl = `mqtt://127.0.0.1:${ports.mqttPort}`;
  environment = {
    ...jobEnvironment(clock),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${ports.httpPort}`,
    PLUMBLINE_MQTT_URL: mqttUrl,
    PLUMBLINE_MQTT_USERNAME: "ingest",
    PLUMBLINE_MQTT_PASSWORD_FILE: path.join(directory, "ingest.pw"),
    PLUMBLINE_JOB_QUEUE: "plumbline-recalibration",
    PLUMBLINE_JOB_DEFINITION: "recalibrate",
    PLUMBLINE_THING: THING,
    PLUMBLINE_INSTANCE: INSTANCE,
    PLUMBLINE_TWIN: "web-line",
    PLUMBLINE_JOB_IMAGE: "recalibrate",
  };
  for (const [name, value] of Object.entries(environment)) process.env[name] = value;
});

afterAll(async () => {
  for (const child of started) await child.kill();
  await box?.kill();
  rmSync(directory, { recursive: true, force: true });
});

describe("the cloud against the box, as processes", () => {
  const objects = (): S3Objects => new S3Objects(BUCKET, { region: REGION, pathStyle: true });
  const stateOf = async (): Promise<IngestState> =>
    (await getJson<IngestState>(objects(), `state/${THING}/ingest.json`))!.value;

  test("provisioning is done once, however often it is run", () => {
    expect(run("provision")).toMatchObject({ aliases: 104, changed: 104 });
    expect(run("provision")).toMatchObject({ aliases: 104, changed: 0 });
  });

  test("frames are stored and acknowledged, also when ingest is killed in their midst, and then the box", async () => {
    const frames = new Gateway().sealAll(story, 126);
    const gateway = await connectAsync(mqttUrl, {
      username: THING,
      password: "secret-g",
      clientId: THING,
      protocolVersion: 4,
      reconnectPeriod: 200,
    });
    let acked = 0;
    gateway.on("message", (_topic, payload) => {
      acked = Math.max(acked, decodeAck(payload.toString()).sequence);
    });
    await gateway.subscribeAsync(ackTopic(THING), { qos: 1 });
    /** As an agent does: what is not acknowledged is sent again after a silence. */
    const delivered = async (upTo: number): Promise<void> => {
      for (let round = 0; acked < upTo; round++) {
        const wanted = frames.filter(({ frame }) => frame.sequence > acked && frame.sequence <= upTo);
        if (round % 20 === 0)
          for (const { bytes } of wanted) gateway.publish(frameTopic(THING), Buffer.from(bytes), { qos: 1 });
        await sleep(50);
      }
    };
    const first = start("ingest");
    await first.find(({ event }) => event === "ingest.listening");
    for (const { bytes } of frames.slice(0, 8))
      gateway.publish(frameTopic(THING), Buffer.from(bytes), { qos: 1 });
    await delivered(1);
    await first.kill();
    const second = start("ingest");
    await second.find(({ event }) => event === "ingest.listening");
    await delivered(14);
    await box.kill();
    await startBox(clock, ports);
    await delivered(frames.length);
    await gateway.endAsync();
    expect(await second.kill("SIGTERM")).toBe(0);
    const state = await stateOf();
    expect(state).toMatchObject({
      sequence: frames.length,
      counters: {
        readings: story.length,
        measured: story.length,
        parked: 0,
        deadLetters: 0,
        bulk: 0,
        notReproducible: 0,
      },
    });
  });

  test("both histories give the same readings, and so the same posterior", async () => {
    const state = await stateOf();
    const siteWise = new SiteWise({ region: REGION, disableHostPrefix: true });
    const read = async (history: ArchiveHistory | SiteWiseHistory): Promise<string[]> => {
      const readings: string[] = [];
      for await (const { signal, at, value, quality } of history.readings(webLine, state, T0 - 1))
        readings.push(`${at} ${signal} ${value} ${quality}`);
      return readings.sort();
    };
    const archived = await read(new ArchiveHistory(objects()));
    expect(archived).toHaveLength(story.length);
    expect(await read(new SiteWiseHistory(siteWise))).toEqual(archived);
  });

  test("the planner submits the job that the alarm asks for, Batch runs it, and the set reaches the gateway's shadow", async () => {
    expect((await stateOf()).alarms.length).toBeGreaterThan(0);
    const planner = start("planner", "--stdio");
    const look = await planner.ask(
      { tick: true, wait: true },
      (line) => "nextDue" in line || "error" in line,
    );
    expect(look).toMatchObject({ submitted: [{ thing: THING, reason: "alarm" }], running: 0 });
    const head = (await readHead(objects(), THING, INSTANCE))?.value;
    expect(head).toMatchObject({ issued: 1, unfinished: null, last: { kind: "accept", version: 1 } });
    const again = await planner.ask({ tick: true }, (line) => "nextDue" in line || "error" in line);
    expect(again).toMatchObject({ submitted: [], running: 0 });
  });

  test("the operator sees the machine, its verdict and its alarms, and can print the key to pin", () => {
    expect(run("fleet", "--json")).toEqual([
      expect.objectContaining({
        thing: THING,
        set: 0,
        verdict: "accept",
        silent: false,
        lastEventTime: T0 + (ROWS - 1) * PERIOD,
      }),
    ]);
    expect(run("planner", "request")).toEqual({ thing: THING, at: T0 + ROWS * PERIOD });
    expect(run("public-key", "--json")).toMatchObject({
      kid: "alias/plumbline-signing",
      pem: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/),
    });
  });
});

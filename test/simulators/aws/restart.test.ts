import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import {
  DescribeJobsCommand,
  type JobDetail,
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import { GetThingShadowCommand, UpdateThingShadowCommand } from "@aws-sdk/client-iot-data-plane";
import {
  BatchPutAssetPropertyValueCommand,
  CreateAssetModelCommand,
  DescribeAssetModelCommand,
  GetAssetPropertyValueHistoryCommand,
} from "@aws-sdk/client-iotsitewise";
import { GetPublicKeyCommand } from "@aws-sdk/client-kms";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { builtEntry } from "../../support/build-workspace.ts";
import { at, boxJson, type Clients, clientsOf, NOW, openBox, writeClock } from "./box-harness.ts";
import { alive } from "./process-state.ts";

const MAIN = builtEntry("simulators", "aws/main.js");
const JOB = path.resolve(import.meta.dirname, "job/main.mjs");
let directory = "";
const started: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "plumbline-box-"));
  writeClock(directory, NOW);
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly clients: Clients;
  kill(): Promise<void>;
}

/** The box as a process of its own, from its announcement on. */
async function start(): Promise<Running> {
  const file = path.join(directory, "box.json");
  writeFileSync(file, JSON.stringify(boxJson(directory, { images: { "test-image": ["node", JOB] } })));
  const child = spawn(process.execPath, [MAIN, "--config", file], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the box ended with ${code}`)));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const event = JSON.parse(line) as { event: string; httpPort: number };
      if (event.event === "box.listening") resolve(event.httpPort);
    });
  });
  const clients = clientsOf(`http://127.0.0.1:${port}`);
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    for (const client of Object.values(clients)) client.destroy();
  };
  return { child, clients, kill };
}

const Key = "posterior.json";

/** Writes one value a second of event time, and every ten values an object and a shadow; `answered` are those stored. */
async function writeUntilKilled({ sitewise, s3, iotData }: Clients, answered: number[]): Promise<void> {
  try {
    for (let i = 0; ; i += 1) {
      const propertyValues = [{ value: { doubleValue: i }, timestamp: at(NOW - 500_000_000 + i * 1_000) }];
      const entries = [{ entryId: "e", propertyAlias: "/a", propertyValues }];
      const { errorEntries } = await sitewise.send(new BatchPutAssetPropertyValueCommand({ entries }));
      if (errorEntries?.length === 0) answered.push(i);
      if (i % 10 !== 0) continue;
      await s3.send(new PutObjectCommand({ Bucket: "plumbline-posteriors", Key, Body: String(i) }));
      const payload = Buffer.from(JSON.stringify({ state: { desired: { i } } }));
      await iotData.send(new UpdateThingShadowCommand({ thingName: "gw-1", shadowName: "p", payload }));
    }
  } catch {
    // The box was killed in the middle: what had its answer counts, what had none may be there or not.
  }
}

/** Everything else that was answered by the time `upTo` values were: model, object, shadow, key. */
async function expectTheRest(
  { sitewise, s3, iotData, kms }: Clients,
  kept: { assetModelId: string | undefined; PublicKey: Uint8Array | undefined; upTo: number },
): Promise<void> {
  const { assetModelName } = await sitewise.send(
    new DescribeAssetModelCommand({ assetModelId: kept.assetModelId }),
  );
  expect(assetModelName).toBe("line");
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: "alias/plumbline-signing" }));
  expect(PublicKey).toEqual(kept.PublicKey);
  // The last tenth value may have been stored without the object and shadow that follow it.
  const sure = Math.floor((kept.upTo - 1) / 10) * 10 - 10;
  const object = await s3.send(new GetObjectCommand({ Bucket: "plumbline-posteriors", Key }));
  expect(Number(await object.Body?.transformToString())).toBeGreaterThanOrEqual(sure);
  const { payload } = await iotData.send(new GetThingShadowCommand({ thingName: "gw-1", shadowName: "p" }));
  const { state } = JSON.parse(Buffer.from(payload ?? []).toString()) as {
    state: { desired: { i: number } };
  };
  expect(state.desired.i).toBeGreaterThanOrEqual(sure);
}

test("what was answered is there after SIGKILL and a restart", async () => {
  const before = await start();
  const { sitewise, kms, batch } = before.clients;
  const { assetModelId } = await sitewise.send(new CreateAssetModelCommand({ assetModelName: "line" }));
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: "alias/plumbline-signing" }));
  await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: "kept",
      type: "container",
      containerProperties: { image: "test-image", command: ["exit", "0"] },
    }),
  );
  const answered: number[] = [];
  const writing = writeUntilKilled(before.clients, answered);
  await vi.waitFor(() => expect(answered.length).toBeGreaterThan(60), { timeout: 20_000, interval: 5 });
  await before.kill();
  await writing;

  const after = await start();
  const found = await after.clients.sitewise.send(
    new GetAssetPropertyValueHistoryCommand({
      propertyAlias: "/a",
      startDate: new Date(0),
      endDate: new Date(NOW),
      maxResults: 20_000,
    }),
  );
  const values = new Set(found.assetPropertyValueHistory?.map(({ value }) => value?.doubleValue));
  expect(answered.filter((i) => !values.has(i))).toEqual([]);
  await expectTheRest(after.clients, { assetModelId, PublicKey, upTo: answered.length });
  await after.clients.batch.send(
    new SubmitJobCommand({ jobName: "kept", jobQueue: "plumbline-recalibration", jobDefinition: "kept" }),
  );
  await after.kill();
});

test("a job does not outlive the box; killed with it, it counts as a failed attempt and is tried again", async () => {
  const where = path.join(directory, "gate");
  const before = await start();
  const definition = {
    jobDefinitionName: "waits",
    type: "container",
    containerProperties: {
      image: "test-image",
      command: ["until"],
      environment: [{ name: "WHERE", value: where }],
    },
  } satisfies RegisterJobDefinitionCommandInput;
  await before.clients.batch.send(new RegisterJobDefinitionCommand(definition));
  const submit = async (attempts: number): Promise<string> =>
    (
      await before.clients.batch.send(
        new SubmitJobCommand({
          jobName: "j",
          jobQueue: "plumbline-recalibration",
          jobDefinition: "waits",
          retryStrategy: { attempts },
        }),
      )
    ).jobId ?? "";
  const [twice, once] = [await submit(2), await submit(1)];
  const marker = `${where}.started.0`;
  const pid = await vi.waitFor(() => Number(readFileSync(marker, "utf8")), { timeout: 10_000, interval: 10 });
  await before.kill();
  await vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 5_000, interval: 10 });
  rmSync(marker);

  const after = await start();
  const job = async (id: string): Promise<JobDetail | undefined> =>
    (await after.clients.batch.send(new DescribeJobsCommand({ jobs: [id] }))).jobs?.[0];
  await vi.waitFor(() => expect(existsSync(marker)).toBe(true), { timeout: 10_000, interval: 10 });
  writeFileSync(where, "");
  const [first, second] = await vi.waitFor(
    async () => {
      const found = [await job(twice), await job(once)];
      expect(found.every((each) => each?.status === "SUCCEEDED" || each?.status === "FAILED")).toBe(true);
      return found;
    },
    { timeout: 15_000, interval: 20 },
  );
  expect([first?.status, first?.attempts?.length, first?.attempts?.[0]?.statusReason]).toEqual([
    "SUCCEEDED",
    2,
    expect.stringContaining("Host EC2"),
  ]);
  expect([second?.status, second?.attempts?.length, second?.statusReason]).toEqual([
    "FAILED",
    1,
    expect.stringContaining("Host EC2"),
  ]);
  await after.kill();
});

test("SIGTERM ends the box with 0, and a bad configuration with 2 and all its faults", async () => {
  const { child } = await start();
  const code = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  expect(await code).toBe(0);
  const file = path.join(directory, "bad.json");
  writeFileSync(file, JSON.stringify({ ...boxJson(directory), httpPort: -1, region: "nowhere", mqtPort: 1 }));
  const bad = spawn(process.execPath, [MAIN, "--config", file], { stdio: ["ignore", "ignore", "pipe"] });
  let told = "";
  bad.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    told += chunk;
  });
  expect(await new Promise((resolve) => bad.once("close", resolve))).toBe(2);
  expect(told).toContain("3 faults");
  for (const path of ["httpPort: -1", "region", "mqtPort"]) expect(told).toContain(path);
});

test("a port that is taken is told with what to do, and leaves nothing open", async () => {
  await using first = await openBox();
  const second = openBox({ httpPort: first.box.httpPort });
  await expect(second).rejects.toMatchObject({
    code: "BOX_PORT",
    hint: expect.stringContaining("httpPort 0"),
  });
});

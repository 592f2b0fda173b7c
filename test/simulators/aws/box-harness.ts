import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BatchClient } from "@aws-sdk/client-batch";
import { IoTDataPlaneClient } from "@aws-sdk/client-iot-data-plane";
import { IoTSiteWiseClient } from "@aws-sdk/client-iotsitewise";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { type BoxConfig, readBoxConfig } from "../../../simulators/src/aws/box-config.ts";
import type { BoxEvent } from "../../../simulators/src/aws/box-events.ts";
import { type Box, type BoxOptions, startBox } from "../../../simulators/src/aws/start-box.ts";
import { type Validation, validateAgainstModels } from "../../support/aws-model-validator.ts";

export const REGION = "eu-central-1";
export const ACCESS_KEY = "AKIAPLUMBLINETEST000";
export const SECRET = "a secret of the tests, and of nobody else";

/** Scenario time of most tests: an instant of no meaning, to the millisecond. */
export const NOW: number = Date.UTC(2026, 2, 14, 12, 0, 0, 250);

export interface Clients {
  readonly sitewise: IoTSiteWiseClient;
  readonly s3: S3Client;
  readonly batch: BatchClient;
  readonly iotData: IoTDataPlaneClient;
  readonly kms: KMSClient;
}

export interface TestBox extends AsyncDisposable {
  readonly box: Box;
  readonly clients: Clients;
  readonly config: BoxConfig;
  readonly directory: string;
  readonly endpoint: string;
  readonly events: BoxEvent[];
  readonly validations: Readonly<Record<keyof Clients, Validation>>;
  /** Moves the scenario's now, ms. */
  setNow(ms: number): void;
}

/** A configuration for a directory of its own; `extra` overrides. */
export function boxJson(directory: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    dataDir: path.join(directory, "data"),
    httpPort: 0,
    region: REGION,
    credentials: [{ accessKeyId: ACCESS_KEY, secretAccessKey: SECRET, name: "tests" }],
    mqttUsers: [
      { username: "gw-1", password: "secret-1", role: "thing", thing: "gw-1" },
      { username: "gw-2", password: "secret-2", role: "thing", thing: "gw-2" },
      { username: "ingest", password: "secret-i", role: "ingest" },
      { username: "observer", password: "secret-o", role: "observer" },
    ],
    scenarioClock: path.join(directory, "clock.json"),
    buckets: ["plumbline-posteriors"],
    ...extra,
  };
}

/** A clock whose now is its frontier: tests move it by hand. */
export function writeClock(directory: string, now: number): void {
  writeFileSync(
    path.join(directory, "clock.json"),
    JSON.stringify({ origin: NOW - 864e5, wallAnchor: 0, rate: 1e6 }),
  );
  writeFileSync(path.join(directory, "clock.json.frontier"), String(now));
}

export async function openBox(
  extra: Record<string, unknown> = {},
  options: BoxOptions & { refuse?: boolean } = {},
): Promise<TestBox> {
  const directory = mkdtempSync(path.join(tmpdir(), "plumbline-box-"));
  writeClock(directory, NOW);
  const config = readBoxConfig(boxJson(directory, extra));
  const events: BoxEvent[] = [];
  const box = await startBox(config, { told: (event) => events.push(event), ...options });
  const endpoint = `http://127.0.0.1:${box.httpPort}`;
  const clients = clientsOf(endpoint);
  const watched = (client: keyof Clients, file: Parameters<typeof validateAgainstModels>[1]): Validation =>
    validateAgainstModels(clients[client], file, { refuse: options.refuse ?? false });
  return {
    box,
    clients,
    config,
    directory,
    endpoint,
    events,
    validations: {
      sitewise: watched("sitewise", "iotsitewise"),
      s3: watched("s3", "s3"),
      batch: watched("batch", "batch"),
      iotData: watched("iotData", "iot-data"),
      kms: watched("kms", "kms"),
    },
    setNow: (ms) => writeFileSync(path.join(directory, "clock.json.frontier"), String(ms)),
    [Symbol.asyncDispose]: async () => {
      for (const client of Object.values(clients)) client.destroy();
      await box.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function clientsOf(
  endpoint: string,
  { secret = SECRET, region = REGION, attempts = 1 } = {},
): Clients {
  const common = {
    endpoint,
    region,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: secret },
    maxAttempts: attempts,
  };
  return {
    sitewise: new IoTSiteWiseClient({ ...common, disableHostPrefix: true }),
    s3: new S3Client({ ...common, forcePathStyle: true }),
    batch: new BatchClient(common),
    iotData: new IoTDataPlaneClient(common),
    kms: new KMSClient(common),
  };
}

/** An SDK timestamp, ms → seconds and nanoseconds. */
export const at = (ms: number): { timeInSeconds: number; offsetInNanos: number } => ({
  timeInSeconds: Math.floor(ms / 1_000),
  offsetInNanos: (ms % 1_000) * 1_000_000,
});

/** The name of the error a promise is rejected with. */
export const errorOf = async (
  promise: Promise<unknown>,
): Promise<{ name: string; status: number | undefined; message: string }> =>
  promise.then(
    () => ({ name: "none", status: undefined, message: "" }),
    (error: { name: string; message: string; $metadata?: { httpStatusCode?: number } }) => ({
      name: error.name,
      status: error.$metadata?.httpStatusCode,
      message: error.message,
    }),
  );

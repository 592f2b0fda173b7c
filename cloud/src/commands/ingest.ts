import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { IotData } from "../aws/iot-data.ts";
import { S3Objects } from "../aws/s3-objects.ts";
import { SiteWise } from "../aws/sitewise-client.ts";
import { Backoff } from "../backoff.ts";
import { cloudConfig, type Environment, type Flags, Settings } from "../config.ts";
import type { CloudEvent } from "../events.ts";
import { startConsumer } from "../ingest/consumer.ts";
import { PropertyWriter } from "../sitewise/property-writer.ts";

const isBroker = (value: string): boolean => /^mqtts?:\/\/[^/]+/.test(value);
/** Longest wait between two tries of a busy service, wall ms: in production, and when the scenario runs fast. */
const LONGEST_BACKOFF = 20_000;
const LONGEST_FAST_BACKOFF = 1_000;

/** The long-running ingest. @returns how to stop it: what is under way ends first. */
export async function startIngest(
  environment: Environment,
  flags: Flags,
  process: string,
  tell: (event: CloudEvent) => void,
): Promise<{ close(): Promise<void> }> {
  const settings = new Settings(environment, flags);
  const { bucket, client, clock } = cloudConfig(settings);
  const url = settings.text(
    "broker",
    "PLUMBLINE_MQTT_URL",
    "the broker's URL such as mqtt://127.0.0.1:1883",
    isBroker,
  );
  const username = settings.text("username", "PLUMBLINE_MQTT_USERNAME", "the user of role ingest");
  const passwordFile = settings.text(
    "passwordFile",
    "PLUMBLINE_MQTT_PASSWORD_FILE",
    "a readable file with the password",
    (file) => fs.existsSync(file),
  );
  const clientId = settings.optional("clientId", "PLUMBLINE_MQTT_CLIENT_ID") ?? `plumbline-ingest-${process}`;
  settings.done();
  const backoff = new Backoff(
    50,
    clock.rate > 1 ? LONGEST_FAST_BACKOFF : LONGEST_BACKOFF,
    Math.random,
    sleep,
  );
  const ports = {
    objects: new S3Objects(bucket, client),
    writer: new PropertyWriter(new SiteWise(client), clock.now, backoff),
    link: new IotData(client),
    now: clock.now,
    tell,
    backoff,
  };
  const password = fs.readFileSync(passwordFile, "utf8").trim();
  return startConsumer(ports, { url, username, password, clientId });
}

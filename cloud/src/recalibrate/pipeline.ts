import { setTimeout as sleep } from "node:timers/promises";
import { TwinError } from "@plumbline/twin/errors";
import { IotData } from "../aws/iot-data.ts";
import { KmsSigner } from "../aws/kms-signer.ts";
import { S3Objects } from "../aws/s3-objects.ts";
import { SiteWise } from "../aws/sitewise-client.ts";
import { Backoff } from "../backoff.ts";
import {
  cloudConfig,
  type Environment,
  type Flags,
  instanceSetting,
  Settings,
  thingSetting,
} from "../config.ts";
import type { CloudEvent } from "../events.ts";
import { ArchiveHistory } from "../history/archive-history.ts";
import { SiteWiseHistory } from "../history/sitewise-history.ts";
import { Publisher } from "../publish/publisher.ts";
import { PropertyWriter } from "../sitewise/property-writer.ts";
import { getJson } from "../store/json-object.ts";
import { type JobResult, recalibrate } from "./job.ts";
import type { Owner } from "./lease.ts";
import type { JobPorts } from "./ports.ts";

export interface Machine {
  readonly thing: string;
  readonly instance: string;
}
/** Machines of an array job: child i takes shard i. */
export interface Shards {
  readonly shards: readonly (readonly Machine[])[];
}

/** History, estimate, verdict, publication: all that one Batch job does, for one machine or for one shard of them. */
export async function runRecalibrations(
  environment: Environment,
  flags: Flags,
  owner: string,
  tell: (event: CloudEvent) => void,
): Promise<readonly JobResult[]> {
  const settings = new Settings(environment, flags);
  const config = cloudConfig(settings);
  const shardsKey = settings.optional("shards", "PLUMBLINE_SHARDS");
  const single =
    shardsKey === undefined ? [{ thing: thingSetting(settings), instance: instanceSetting(settings) }] : [];
  const key = settings.text(
    "signingKey",
    "PLUMBLINE_SIGNING_KEY",
    "a KMS key id, ARN or alias such as alias/plumbline-signing",
  );
  const source = settings.choice("history", "PLUMBLINE_HISTORY", ["archive", "sitewise"]);
  const asOf = settings.whole("asOf", "PLUMBLINE_AS_OF", Number.NaN, [0, Number.MAX_SAFE_INTEGER]);
  settings.done();
  const objects = new S3Objects(config.bucket, config.client);
  const link = new IotData(config.client);
  const siteWise = new SiteWise(config.client);
  const started = config.clock.now();
  const backoff = new Backoff(100, config.clock.rate > 1 ? 1_000 : 20_000, Math.random, sleep);
  const ports: JobPorts = {
    objects,
    history: source === "sitewise" ? new SiteWiseHistory(siteWise) : new ArchiveHistory(objects),
    writer: new PropertyWriter(siteWise, config.clock.now, backoff),
    link,
    publisher: new Publisher(objects, link, new KmsSigner(key, config.client), tell),
    // Every attempt of a job decides as of the same moment: so a job that was killed stores the same evidence again.
    now: () => (Number.isNaN(asOf) ? started : asOf),
    wall: config.clock.wall,
    sleep,
    tell,
  };
  const machines =
    shardsKey === undefined
      ? single
      : await shardOf(objects, shardsKey, environment["AWS_BATCH_JOB_ARRAY_INDEX"]);
  const results: JobResult[] = [];
  for (const machine of machines) {
    results.push(
      await recalibrate(ports, {
        ...machine,
        estimateOnly: flags["estimateOnly"] === "true",
        owner: ownerOf(environment, owner),
      }),
    );
  }
  return results;
}

/** Batch gives each job an id, and counts its attempts; a job from the command line is its process. */
const ownerOf = (environment: Environment, fallback: string): Owner => ({
  job: environment["AWS_BATCH_JOB_ID"] ?? fallback,
  attempt: Number(environment["AWS_BATCH_JOB_ATTEMPT"] ?? 1),
});

async function shardOf(
  objects: S3Objects,
  key: string,
  index: string | undefined,
): Promise<readonly Machine[]> {
  const found = await getJson<Shards>(objects, key);
  const shard = found?.value.shards[Number(index ?? 0)];
  if (shard) return shard;
  throw new TwinError(
    "NO_SHARD",
    `${key} has no shard ${index ?? 0}`,
    "submit through the planner, which writes the list before it submits",
  );
}

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { batchService } from "./batch/batch-service.ts";
import type { Batch } from "./batch/context.ts";
import { QueueRunner } from "./batch/queue-runner.ts";
import { DefinitionTable } from "./batch/sqlite-definitions.ts";
import { JobTable } from "./batch/sqlite-jobs.ts";
import type { BoxConfig } from "./box-config.ts";
import type { BoxEvent } from "./box-events.ts";
import { type CloudBroker, startCloudBroker } from "./broker/cloud-broker.ts";
import { makeDispatch } from "./http/dispatch.ts";
import { listen } from "./http/fastify-server.ts";
import type { Operation, Service } from "./http/service.ts";
import { SignatureVerifier } from "./http/signature-v4.ts";
import { iotDataService } from "./iot-data/iot-data-service.ts";
import { kmsService } from "./kms/kms-service.ts";
import { KeyTable } from "./kms/sqlite-keys.ts";
import { MAX_OBJECT_BYTES, s3Service } from "./s3/s3-service.ts";
import { type BoxClock, openBoxClock } from "./scenario-time.ts";
import { ShadowService } from "./shadow/shadow-service.ts";
import { readShadowTopic } from "./shadow/shadow-topics.ts";
import { siteWiseService } from "./sitewise/sitewise-service.ts";
import { openStore, type Store } from "./sqlite-store.ts";
import { RateLimits } from "./token-bucket.ts";

export interface Box {
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Every operation of every service, by the service's signing name. */
  readonly operations: Readonly<Record<string, readonly Operation[]>>;
  /** Stops serving; running jobs are killed, and go on as lost attempts at the next start. */
  close(): Promise<void>;
}

export interface BoxOptions {
  readonly told?: (event: BoxEvent) => void;
  /** Wall clock, ms. */
  readonly wall?: () => number;
  /** The built `job-guard-main.js`; beside this file unless the box runs from its sources. */
  readonly guardProgram?: string;
  /** Wall time of one second of a job's time-out, ms; and from SIGTERM to SIGKILL. */
  readonly jobSecondMs?: number;
  readonly jobGraceMs?: number;
}

/** The stopTimeout of a container on AWS, ms. */
const JOB_GRACE = 30_000;
/** aws-chunked frames and trailers around the largest object, bytes. */
const FRAMING = 1024 * 1024;

/** Starts the cloud in a box: one store, one HTTP server for all services, one broker. */
export async function startBox(config: BoxConfig, options: BoxOptions = {}): Promise<Box> {
  const told = options.told ?? (() => undefined);
  const clock = openBoxClock(config.scenarioClock, options.wall);
  const store = openStore(join(config.dataDir, "box.sqlite"));
  const shadows = new ShadowService(store, clock.now, (message) => broker.publishShadow(message));
  const broker: CloudBroker = await startCloudBroker({
    host: config.host,
    port: config.mqttPort,
    users: config.mqttUsers,
    replay: config.replay,
    onEvent: told,
    onMessage: ({ topic, payload }) => {
      const request = readShadowTopic(topic);
      if (request !== undefined) shadows.handle(request.verb, request.address, payload);
    },
  }).catch((error: unknown) => {
    store.close();
    throw error;
  });
  const ports = { httpPort: config.httpPort, mqttPort: broker.port };
  const batch = makeBatch(config, options, store, clock, () => ports, told);
  const services = servicesOf(config, { store, clock, batch, shadows, broker });
  const server = await serve(config, services, clock, told).catch(async (error: unknown) => {
    await broker.close();
    store.close();
    throw error;
  });
  ports.httpPort = server.port;
  batch.runner.recover();
  return {
    ...ports,
    operations: operationsOf(services),
    close: async () => {
      await server.close();
      await batch.runner.close();
      await broker.close();
      store.close();
    },
  };
}

type Services = Readonly<Record<"sitewise" | "s3" | "batch" | "iotData" | "kms", Service>>;

const operationsOf = (services: Services): Box["operations"] =>
  Object.fromEntries(Object.values(services).map(({ signingName, operations }) => [signingName, operations]));

interface Parts {
  readonly store: Store;
  readonly clock: BoxClock;
  readonly batch: Batch;
  readonly shadows: ShadowService;
  readonly broker: CloudBroker;
}

function servicesOf(config: BoxConfig, { store, clock, batch, shadows, broker }: Parts): Services {
  const { region, account, buckets, signingAliases } = config;
  const { now, wall, quota } = clock;
  const keys = new KeyTable(store, signingAliases, `arn:aws:kms:${region}:${account}:`, wall);
  return {
    sitewise: siteWiseService({ ...config, store, clock, rates: new RateLimits(quota) }),
    s3: s3Service({ store, region, wall, buckets }),
    batch: batchService(batch),
    iotData: iotDataService({ shadows, publisher: broker.publish, now }),
    kms: kmsService(keys, account),
  };
}

function serve(
  config: BoxConfig,
  services: Services,
  clock: BoxClock,
  told: (event: BoxEvent) => void,
): ReturnType<typeof listen> {
  const dispatch = makeDispatch({
    services,
    verifier: new SignatureVerifier(config.credentials),
    region: config.region,
    wall: clock.wall,
    events: {
      refused: (service, kind, reason) => told({ event: "box.signature-refused", service, kind, reason }),
      failed: (service, request, error) =>
        told({
          event: "box.request-failed",
          service,
          request,
          reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
    },
  });
  return listen(
    { host: config.host, port: config.httpPort, maxBodyBytes: MAX_OBJECT_BYTES + FRAMING },
    dispatch,
  );
}

function makeBatch(
  config: BoxConfig,
  options: BoxOptions,
  store: Store,
  clock: BoxClock,
  ports: () => { readonly httpPort: number; readonly mqttPort: number },
  told: (event: BoxEvent) => void,
): Batch {
  const jobs = new JobTable(store);
  const runner = new QueueRunner({
    store,
    jobs,
    queues: config.jobQueues,
    images: config.images,
    environment: () => jobEnvironment(config.jobEnvironment, ports()),
    logDirectory: join(config.dataDir, "jobs"),
    guardProgram:
      options.guardProgram ?? fileURLToPath(new URL("./batch/job-guard-main.js", import.meta.url)),
    wall: clock.wall,
    secondMs: options.jobSecondMs ?? 1_000,
    graceMs: options.jobGraceMs ?? JOB_GRACE,
    told: ({ id, name, status, statusReason, attempts }) => {
      // Ten thousand children that become RUNNABLE are no news; a job that is tried again is.
      if (attempts.length === 0 && (status === "PENDING" || status === "RUNNABLE")) return;
      told({ event: "box.job", job: id, name, status, reason: statusReason });
    },
  });
  const arn = (resource: string): string => `arn:aws:batch:${config.region}:${config.account}:${resource}`;
  return {
    store,
    jobs,
    definitions: new DefinitionTable(store),
    queues: config.jobQueues,
    runner,
    wall: clock.wall,
    arn,
  };
}

const jobEnvironment = (
  given: Readonly<Record<string, string>>,
  ports: { readonly httpPort: number; readonly mqttPort: number },
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      value.replaceAll("{httpPort}", String(ports.httpPort)).replaceAll("{mqttPort}", String(ports.mqttPort)),
    ]),
  );

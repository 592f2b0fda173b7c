import { twinDefinition } from "@plumbline/twin/definition/twins";
import { TwinError } from "@plumbline/twin/errors";
import { type Clock, scenarioClock, systemClock } from "./clock.ts";
import type { AgentConfig } from "./config.ts";
import { writeDoor } from "./health/door.ts";
import { HealthServer, json } from "./health/health-server.ts";
import { metricsText } from "./health/vitals.ts";
import { WorkerOutbox } from "./outbox/worker-outbox.ts";
import { pinoLog, type Tell } from "./pino-log.ts";
import { Pipeline, type Stages } from "./pipeline.ts";
import { readSecret } from "./secret.ts";
import { MqttSource } from "./source/mqtt-source.ts";
import type { CloudLink, CloudListener } from "./uplink/cloud-link.ts";
import { MqttCloudLink } from "./uplink/mqtt-cloud-link.ts";
import { IDENTITY_HORIZON } from "./validate/identities.ts";
import { AGENT_VERSION } from "./version.ts";

export interface RunEnvironment {
  readonly clockFile: string | undefined;
  readonly logLevel: string;
  /** Resolves when the agent should stop, to the reason. */
  readonly stop: Promise<string>;
}

/** Runs until told to stop. Returns the exit code. */
export async function runAgent(
  config: AgentConfig,
  { clockFile, logLevel, stop }: RunEnvironment,
): Promise<number> {
  const tell = pinoLog(config.thing, logLevel);
  tellUnknown(config, tell);
  const clock = clockFile === undefined ? systemClock() : scenarioClock(clockFile);
  // A start may have to wait for room on the disk; being told to stop ends that wait too.
  const pipeline = await Promise.race([Pipeline.start(await stagesOf(config, clock, tell)), stop]);
  if (typeof pipeline === "string") return stoppedEarly(pipeline, tell);
  const health = new HealthServer(routesOf(pipeline), readSecret(config.health.tokenFile, "health token"));
  const port = await health.listen(config.health.host, config.health.port);
  writeDoor(config.stateDir, { host: config.health.host, port, pid: process.pid });
  tell({ name: "health.listening", host: config.health.host, port, version: AGENT_VERSION });
  const ended = await Promise.race([stop, pipeline.broken]);
  const from = performance.now();
  tell({ name: "agent.stopping", reason: typeof ended === "string" ? ended : ended.code });
  await pipeline.stop();
  await health.close();
  tell({ name: "agent.stopped", tookMs: Math.round(performance.now() - from) });
  return typeof ended === "string" ? 0 : 70;
}

/** A misspelt member falls back to its default in silence: this breaks the silence. */
export function tellUnknown({ unknown }: Pick<AgentConfig, "unknown">, tell: Tell): void {
  for (const member of unknown) tell({ name: "config.unknown-member", ...member });
}

function stoppedEarly(reason: string, tell: Tell): number {
  tell({ name: "agent.stopping", reason });
  return 0;
}

async function stagesOf(config: AgentConfig, clock: Clock, tell: Tell): Promise<Stages> {
  const definition = twinDefinition(config.twin.id);
  const limits = { longestBackoff: clock.backoff(60_000), dice: Math.random };
  const { capBytes, overflow, path } = config.outbox;
  const entry = new URL("./outbox/outbox-worker.js", import.meta.url);
  const link = await linkOf(config, limits);
  return {
    machine: { definition, thing: config.thing, instance: config.instance },
    config,
    clock,
    dice: Math.random,
    outbox: new WorkerOutbox(entry, {
      file: path,
      limits: { capBytes, overflow, identityHorizon: IDENTITY_HORIZON },
    }),
    source: (listener) =>
      new MqttSource(
        config.source,
        secretOf(config.source.passwordFile, "source's password"),
        limits,
        listener,
      ),
    link,
    tell,
  };
}

const secretOf = (file: string | undefined, what: string): { password?: string } =>
  file === undefined ? {} : { password: readSecret(file, what) };

type Limits = { readonly longestBackoff: number; readonly dice: () => number };

/** The Greengrass SDK is loaded only where it is used: it carries a native module of 30 MB. */
async function linkOf(
  { uplink, thing, instance }: AgentConfig,
  limits: Limits,
): Promise<(listener: CloudListener) => CloudLink> {
  const address = { thing, instance };
  if (uplink.kind === "mqtt") {
    const secret = secretOf(uplink.passwordFile, "uplink's password");
    return (listener) => new MqttCloudLink(uplink, address, secret, limits, listener);
  }
  const { GreengrassCloudLink } = await import("./uplink/greengrass-cloud-link.ts");
  return (listener) => new GreengrassCloudLink(address, limits, listener);
}

function routesOf(pipeline: Pipeline): ConstructorParameters<typeof HealthServer>[0] {
  return {
    "GET /healthz": (query) => json(pipeline.vitals(query.has("state"))),
    "GET /metrics": () => ({
      status: 200,
      type: "text/plain; version=0.0.4",
      body: metricsText(pipeline.vitals(false)),
    }),
    "POST /revert": () => handAnswer(pipeline.byHand("revert")),
    "POST /resume": () => handAnswer(pipeline.byHand("resume")),
    "POST /seal": async () => json({ sealedSequence: await pipeline.seal() }),
  };
}

const handAnswer = (outcome: { readonly done: boolean; readonly detail: string }): ReturnType<typeof json> =>
  json(outcome, outcome.done ? 200 : 409);

/** What a stranger to the code should read when the agent could not start. */
export const explain = (error: unknown): string =>
  error instanceof TwinError
    ? error.toString()
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);

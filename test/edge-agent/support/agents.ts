import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { webLine } from "@plumbline/twin/definition/web-line";
import { systemClock } from "../../../edge-agent/src/clock.ts";
import { type AgentConfig, decodeConfig } from "../../../edge-agent/src/config.ts";
import type { EdgeEvent } from "../../../edge-agent/src/events.ts";
import { LocalOutbox } from "../../../edge-agent/src/outbox/local-outbox.ts";
import type { Outbox } from "../../../edge-agent/src/outbox/outbox.ts";
import { Pipeline } from "../../../edge-agent/src/pipeline.ts";
import { MqttSource } from "../../../edge-agent/src/source/mqtt-source.ts";
import { MqttCloudLink } from "../../../edge-agent/src/uplink/mqtt-cloud-link.ts";
import { IDENTITY_HORIZON } from "../../../edge-agent/src/validate/identities.ts";

export const THING = "line-7";
export const machine = { definition: webLine, thing: THING, instance: "main" };

export const scratch = (): string => fs.mkdtempSync(path.join(os.tmpdir(), "plumbline-agent-"));

/** A configuration as a person would write it, with a token file beside it. */
export function configIn(
  folder: string,
  plant: number,
  cloud: number,
  change: Readonly<Record<string, unknown>> = {},
): { readonly config: AgentConfig; readonly file: string } {
  fs.writeFileSync(path.join(folder, "token"), "let me in\n");
  const json = {
    twin: { id: "web-line" },
    thing: THING,
    instance: "main",
    stateDir: "state",
    source: { mqttUrl: `mqtt://127.0.0.1:${plant}` },
    outbox: { commitMillis: 5 },
    uplink: { kind: "mqtt", mqttUrl: `mqtt://127.0.0.1:${cloud}` },
    health: { port: 0, tokenFile: "token" },
    ...change,
  };
  const file = path.join(folder, "agent.json");
  fs.writeFileSync(file, JSON.stringify(json));
  return { config: decodeConfig(json, file, folder), file };
}

export const limitsOf = ({
  outbox: { capBytes, overflow },
}: AgentConfig): ConstructorParameters<typeof LocalOutbox>[1] => ({
  capBytes,
  overflow,
  identityHorizon: IDENTITY_HORIZON,
});

export interface InProcess {
  readonly pipeline: Pipeline;
  readonly events: EdgeEvent[];
}

/** The real pipeline in this process, its SQLite in this thread; `outbox` may be wrapped to hold or break it. */
export async function startInProcess(
  config: AgentConfig,
  outbox: Outbox = new LocalOutbox(config.outbox.path, limitsOf(config)),
  plantLogin: { readonly username?: string; readonly password?: string } = {},
  wall: () => number = Date.now,
): Promise<InProcess> {
  const events: EdgeEvent[] = [];
  const limits = { longestBackoff: 50, dice: Math.random };
  const clock = { ...systemClock(wall), backoff: (production: number) => Math.min(production, 200) };
  const pipeline = await Pipeline.start({
    machine,
    config,
    clock,
    dice: Math.random,
    outbox,
    source: (listener) => new MqttSource(config.source, plantLogin, limits, listener),
    link: (listener) =>
      new MqttCloudLink(config.uplink, { thing: THING, instance: "main" }, {}, limits, listener),
    tell: (event) => void events.push(event),
  });
  return { pipeline, events };
}

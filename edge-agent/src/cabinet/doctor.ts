import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { TwinError } from "@plumbline/twin/errors";
import type { AgentConfig } from "../config.ts";
import { knock } from "../health/door.ts";
import { readSecret } from "../secret.ts";
import { inspectOutbox } from "./outbox-commands.ts";

export interface Finding {
  readonly check: string;
  readonly state: "ok" | "warning" | "fault";
  readonly detail: string;
  /** What to do next; empty when nothing. */
  readonly next: string;
}

const SYNCS = 20;
/** A commit interval shorter than two syncs cannot be kept. */
const SLOW_SYNC_MS = 50;

/** Looks at everything the agent needs, changes nothing, and needs no cloud. */
export async function examine(config: AgentConfig): Promise<Finding[]> {
  return [
    look("twin", () => `${twinDefinition(config.twin.id).id} ${twinDefinition(config.twin.id).version}`),
    look("state folder", () => stateFolder(config.stateDir)),
    syncTime(config.stateDir),
    look("health token", () => `${readSecret(config.health.tokenFile, "health token").length} characters`),
    secrets(config),
    pinnedKeys(config),
    outbox(config),
    clock(),
    await reach("source", config.source.mqttUrl, "start the plant's broker, or mend source.mqttUrl"),
    ...(config.uplink.kind === "mqtt"
      ? [
          await reach(
            "uplink",
            config.uplink.mqttUrl,
            "readings are kept meanwhile; check the network, or uplink.mqttUrl",
          ),
        ]
      : [nucleus()]),
    await running(config),
  ];
}

function look(check: string, see: () => string): Finding {
  try {
    return { check, state: "ok", detail: see(), next: "" };
  } catch (error) {
    const next = error instanceof TwinError ? error.hint : "see the detail";
    return { check, state: "fault", detail: error instanceof Error ? error.message : String(error), next };
  }
}

function stateFolder(folder: string): string {
  fs.mkdirSync(folder, { recursive: true });
  fs.accessSync(folder, fs.constants.W_OK);
  const { bavail, bsize } = fs.statfsSync(folder);
  return `${folder}, ${Math.round((bavail * bsize) / 2 ** 20)} MB free`;
}

function syncTime(folder: string): Finding {
  const file = path.join(folder, `.doctor-${process.pid}`);
  return look("disk sync", () => {
    const descriptor = fs.openSync(file, "w");
    const times: number[] = [];
    for (let round = 0; round < SYNCS; round++) {
      fs.writeSync(descriptor, Buffer.alloc(4_096), 0, 4_096, round * 4_096);
      const from = performance.now();
      fs.fdatasyncSync(descriptor);
      times.push(performance.now() - from);
    }
    fs.closeSync(descriptor);
    fs.rmSync(file);
    const median = times.sort((left, right) => left - right)[SYNCS >> 1] ?? 0;
    const slow = median > SLOW_SYNC_MS ? "; slow: raise outbox.commitMillis above twice that" : "";
    return `median ${median.toFixed(1)} ms, slowest ${(times.at(-1) ?? 0).toFixed(1)} ms${slow}`;
  });
}

const secrets = ({ source, uplink }: AgentConfig): Finding =>
  look("passwords", () => {
    const files = [source.passwordFile, uplink.passwordFile].filter((file) => file !== undefined);
    for (const file of files) readSecret(file, "password");
    return `${files.length} readable`;
  });

function pinnedKeys({ apply: { keys, revoked } }: AgentConfig): Finding {
  const good = keys.filter(({ kid }) => !revoked.includes(kid)).length;
  if (good > 0)
    return {
      check: "pinned keys",
      state: "ok",
      detail: `${good} pinned, ${revoked.length} revoked`,
      next: "",
    };
  return {
    check: "pinned keys",
    state: "warning",
    detail: "no usable key is pinned: every parameter set will be refused",
    next: "put the signing key's PEM into apply.keys (plumbline public-key prints it)",
  };
}

function outbox(config: AgentConfig): Finding {
  if (!fs.existsSync(config.outbox.path))
    return { check: "outbox", state: "ok", detail: "not made yet", next: "" };
  try {
    const { check, frames, journal, setAside, bytes, walBytes } = inspectOutbox(config);
    const detail = `${check}; ${frames.waiting} frames wait, ${journal.readings} readings in the journal, ${bytes + walBytes} of ${config.outbox.capBytes} bytes`;
    if (check !== "ok" || frames.damaged.length > 0)
      return {
        check: "outbox",
        state: "fault",
        detail,
        next: "start the agent: it puts the file aside and salvages it",
      };
    if (setAside.length > 0)
      return {
        check: "outbox",
        state: "warning",
        detail: `${detail}; set aside: ${setAside.join(", ")}`,
        next: "keep the file that was set aside until the gap is explained, then delete it",
      };
    return { check: "outbox", state: "ok", detail, next: "" };
  } catch (error) {
    return {
      check: "outbox",
      state: "fault",
      detail: error instanceof Error ? error.message : String(error),
      next: "start the agent: it puts the file aside and salvages it",
    };
  }
}

/** Certificates and parameter sets cannot be judged before the clock is set. */
const EARLIEST = Date.UTC(2025, 0, 1);
const clock = (): Finding =>
  Date.now() >= EARLIEST
    ? { check: "clock", state: "ok", detail: new Date().toISOString(), next: "" }
    : {
        check: "clock",
        state: "fault",
        detail: `the clock says ${new Date().toISOString()}`,
        next: "set the clock (NTP): TLS and parameter sets need it",
      };

const nucleus = (): Finding => ({
  check: "uplink",
  state: "ok",
  detail: "through the Greengrass nucleus: seen when the agent runs as a component",
  next: "",
});

async function reach(check: string, url: string, next: string): Promise<Finding> {
  const { hostname, port, protocol } = new URL(url);
  const target = Number(port) || (protocol === "mqtts:" || protocol === "tls:" ? 8_883 : 1_883);
  const trouble = await new Promise<string | undefined>((resolve) => {
    const socket = net.connect({ host: hostname, port: target, timeout: 3_000 });
    const end = (reason?: string): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once("connect", () => end());
    socket.once("timeout", () => end("no answer within 3 s"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
  if (trouble === undefined) return { check, state: "ok", detail: `${hostname}:${target} answers`, next: "" };
  return { check, state: "warning", detail: `${hostname}:${target}: ${trouble}`, next };
}

async function running(config: AgentConfig): Promise<Finding> {
  let token = "";
  try {
    token = readSecret(config.health.tokenFile, "health token");
  } catch {
    return {
      check: "agent",
      state: "warning",
      detail: "cannot be asked without its token",
      next: "see health token above",
    };
  }
  const answer = await knock(config.stateDir, token, "GET", "/healthz");
  if (!answer)
    return {
      check: "agent",
      state: "warning",
      detail: "not running",
      next: "plumbline-agent run --config <file>",
    };
  const { committed, ackedSequence, sealedSequence } = answer.body as Record<string, number>;
  return {
    check: "agent",
    state: "ok",
    detail: `running; ${committed} readings since its start, frame ${ackedSequence} of ${sealedSequence} acknowledged`,
    next: "",
  };
}

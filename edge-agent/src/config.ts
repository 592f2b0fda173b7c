import { createPublicKey } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { isInstanceName, isThingName } from "@plumbline/twin/contract/topics";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { FaultsError, TwinError } from "@plumbline/twin/errors";
import { Fields, type UnknownMember } from "./config-fields.ts";

/** What the agent must be told. Every secret is a file's name, never a value. */
export interface AgentConfig {
  readonly twin: { readonly id: string };
  readonly thing: string;
  readonly instance: string;
  readonly stateDir: string;
  readonly source: SourceConfig;
  readonly outbox: OutboxConfig;
  readonly uplink: UplinkConfig;
  readonly apply: ApplyConfig;
  readonly health: HealthConfig;
  /** Members that nothing reads: a newer version's, or misspelt. */
  readonly unknown: readonly UnknownMember[];
}

export interface SourceConfig {
  readonly mqttUrl: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly topicFilter: string;
  readonly clientId: string;
  readonly protocol: 4 | 5;
  /** Most readings that the broker may have on the way, unacknowledged (MQTT 5 receive maximum). */
  readonly receiveWindow: number;
}

export interface OutboxConfig {
  readonly path: string;
  /** Bytes of the file and its WAL together. */
  readonly capBytes: number;
  /** A commit waits at most this long, wall ms, for company … */
  readonly commitMillis: number;
  /** … or until so many readings wait. */
  readonly commitReadings: number;
  /** Seals after so many readings, whatever their size; absent: by size and age alone. */
  readonly sealReadings?: number;
  readonly overflow: Overflow;
}
export type Overflow = "drop-oldest" | "drop-newest" | "refuse";

export interface UplinkConfig {
  readonly kind: "mqtt" | "greengrass";
  readonly mqttUrl: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly inFlight: number;
}

export interface ApplyConfig {
  readonly keys: readonly { readonly kid: string; readonly pem: string }[];
  readonly revoked: readonly string[];
}

export interface HealthConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tokenFile: string;
}

/** Reads a JSON configuration file. @throws {FaultsError} BAD_CONFIG with every fault at once. */
export const readConfigFile = (file: string): AgentConfig =>
  decodeConfig(readJson(file), file, path.dirname(path.resolve(file)));

/** @throws {FaultsError} BAD_CONFIG */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as unknown;
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new FaultsError(
      "BAD_CONFIG",
      `the configuration ${file}`,
      [{ path: "(file)", found, expected: "a readable JSON file" }],
      "see plumbline-agent run --help for an example",
    );
  }
}

/** Branches of `over` take the place of single members of `base`. */
export function mergeConfig(base: unknown, over: unknown): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isMap(base) || !isMap(over)) return over ?? base;
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [
      key,
      mergeConfig(base[key], over[key]),
    ]),
  );
}

/** File names in the configuration are relative to `base`. @throws {FaultsError} BAD_CONFIG */
export function decodeConfig(json: unknown, name: string, base: string): AgentConfig {
  const fields = new Fields(json);
  const resolve = (file: string): string => path.resolve(base, file);
  const stateDir = resolve(fields.text("stateDir", "a folder that survives restarts"));
  const thing = fields.text("thing", "a thing name of [a-zA-Z0-9:_-], at most 128", undefined, isThingName);
  const config: Omit<AgentConfig, "unknown"> = {
    twin: readTwin(fields.inner("twin")),
    thing,
    instance: fields.text(
      "instance",
      "an instance name of [a-zA-Z0-9_-], at most 32",
      undefined,
      isInstanceName,
    ),
    stateDir,
    source: readSource(fields.inner("source"), thing, resolve),
    outbox: readOutbox(fields.inner("outbox"), stateDir, resolve),
    uplink: readUplink(fields.inner("uplink"), resolve),
    apply: readApply(fields.inner("apply"), resolve),
    health: readHealth(fields.inner("health"), resolve),
  };
  fields.done(`the configuration ${name}`);
  return { ...config, unknown: fields.unknown() };
}

function readTwin(fields: Fields): AgentConfig["twin"] {
  const id = fields.text("id", `a twin's id such as "web-line"`);
  try {
    if (id !== "") twinDefinition(id);
  } catch (error) {
    if (!(error instanceof TwinError)) throw error;
    fields.fault("id", id, `a twin that this agent knows: ${error.hint}`);
  }
  return { id };
}

type Resolve = (file: string) => string;

function credentials(fields: Fields, resolve: Resolve): { username?: string; passwordFile?: string } {
  const username = fields.optionalText("username", "a user name");
  const passwordFile = readableFile(
    fields,
    "passwordFile",
    "a readable file that holds the password",
    resolve,
  );
  return {
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
  };
}

function readableFile(fields: Fields, name: string, expected: string, resolve: Resolve): string | undefined {
  const given = fields.optionalText(name, expected);
  if (given === undefined) return undefined;
  const file = resolve(given);
  if (!fs.existsSync(file)) fields.fault(name, given, expected);
  return file;
}

function readSource(fields: Fields, thing: string, resolve: Resolve): SourceConfig {
  return {
    mqttUrl: fields.url("mqttUrl", ["mqtt:", "mqtts:", "tcp:"], "mqtt://127.0.0.1:1883"),
    ...credentials(fields, resolve),
    topicFilter: fields.text("topicFilter", `a topic filter such as "line/+/reading"`, "line/+/reading"),
    clientId: fields.text(
      "clientId",
      "a client id of 1 to 128 characters",
      `plumbline-${thing || "agent"}`,
      (id) => id.length <= 128,
    ),
    protocol: fields.whole("protocol", 4, 5, 4) as 4 | 5,
    receiveWindow: fields.whole("receiveWindow", 1, 65_535, 1_000),
  };
}

function readOutbox(fields: Fields, stateDir: string, resolve: Resolve): OutboxConfig {
  const given = fields.optionalText("path", "a file name");
  return {
    path: given === undefined ? path.join(stateDir, "outbox.db") : resolve(given),
    capBytes: fields.whole("capBytes", 128 * 1024, 2 ** 40, 256 * 1024 * 1024),
    commitMillis: fields.whole("commitMillis", 0, 10_000, 100),
    commitReadings: fields.whole("commitReadings", 1, 100_000, 500),
    ...(fields.has("sealReadings") ? { sealReadings: fields.whole("sealReadings", 1, 4_096, 1_260) } : {}),
    overflow: fields.word("overflow", ["drop-oldest", "drop-newest", "refuse"], "drop-oldest"),
  };
}

function readUplink(fields: Fields, resolve: Resolve): UplinkConfig {
  const kind = fields.word("kind", ["mqtt", "greengrass"], "mqtt");
  fields.allow("mqttUrl"); // a Greengrass configuration that lies over a file's leaves it there
  const tlsFields = fields.inner("tls");
  const tls = Object.fromEntries(
    (["ca", "cert", "key"] as const).flatMap((name) => {
      const file = readableFile(tlsFields, name, "a readable PEM file", resolve);
      return file === undefined ? [] : [[name, file]];
    }),
  );
  return {
    kind,
    mqttUrl:
      kind === "mqtt"
        ? fields.url("mqttUrl", ["mqtt:", "mqtts:", "tcp:", "tls:"], "mqtts://broker.example:8883")
        : "",
    ...credentials(fields, resolve),
    ...(Object.keys(tls).length > 0 ? { tls } : {}),
    inFlight: fields.whole("inFlight", 1, 20, 3),
  };
}

function readApply(fields: Fields, resolve: Resolve): ApplyConfig {
  const expected = "a list of {kid, pem} or {kid, file}, pem being a P-256 public key";
  const keys = fields.list("keys", expected).map((value, index) => {
    const key = fields.item("keys", index, value);
    const kid = key.text("kid", "a key id");
    key.allow("pem");
    const file = readableFile(key, "file", "a readable PEM file", resolve);
    const pem =
      file !== undefined && fs.existsSync(file)
        ? fs.readFileSync(file, "utf8")
        : key.text("pem", "the PEM text of a P-256 public key");
    if (pem !== "" && !isP256(pem)) key.fault("pem", pem, "the PEM text of a P-256 public key");
    return { kid, pem };
  });
  const revoked = fields.list("revoked", "a list of key ids").filter((kid, index): kid is string => {
    if (typeof kid !== "string") fields.fault(`revoked[${index}]`, kid, "a key id");
    return typeof kid === "string";
  });
  return { keys, revoked };
}

function isP256(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyDetails?.namedCurve === "prime256v1";
  } catch {
    return false;
  }
}

function readHealth(fields: Fields, resolve: Resolve): HealthConfig {
  const tokenFile = readableFile(fields, "tokenFile", "a readable file that holds the bearer token", resolve);
  if (tokenFile === undefined)
    fields.fault("tokenFile", undefined, "a readable file that holds the bearer token");
  return {
    host: fields.text("host", "an address to listen on", "127.0.0.1"),
    port: fields.whole("port", 0, 65_535, 9_464),
    tokenFile: tokenFile ?? "",
  };
}

import * as fs from "node:fs";
import * as path from "node:path";
import { FaultsError } from "@plumbline/twin/errors";
import { expect, test } from "vitest";
import { decodeConfig, mergeConfig, readConfigFile } from "../../edge-agent/src/config.ts";
import { scratch } from "./support/agents.ts";
import { newSigner } from "./support/sets.ts";

const folder = scratch();
fs.writeFileSync(path.join(folder, "token"), "t\n");
const good = {
  twin: { id: "web-line" },
  thing: "line-7",
  instance: "main",
  stateDir: "state",
  source: { mqttUrl: "mqtt://127.0.0.1:1883" },
  uplink: { mqttUrl: "mqtts://broker.example:8883" },
  health: { tokenFile: "token" },
};
function faultsOf(json: unknown): readonly string[] {
  try {
    decodeConfig(json, "agent.json", folder);
    return [];
  } catch (error) {
    if (error instanceof FaultsError) return error.faults.map(({ path: where }) => where);
    throw error;
  }
}

test("a configuration with three faults tells all three at once, each with what would do", () => {
  const wrong = { ...good, thing: "line/7", source: { mqttUrl: "nonsense" }, outbox: { overflow: "thin" } };
  expect(faultsOf(wrong)).toEqual(["thing", "source.mqttUrl", "outbox.overflow"]);
  expect(() => decodeConfig(wrong, "agent.json", folder)).toThrow(
    /has 3 faults[\s\S]*thing: "line\/7"; expected[\s\S]*source.mqttUrl: "nonsense"; expected a URL such as[\s\S]*overflow: "thin"; expected one of drop-oldest, drop-newest, refuse/,
  );
});

test("the least that must be told is enough: the rest has defaults", () => {
  const config = decodeConfig(good, "agent.json", folder);
  expect(config).toMatchObject({
    source: {
      topicFilter: "line/+/reading",
      clientId: "plumbline-line-7",
      protocol: 4,
      receiveWindow: 1_000,
    },
    outbox: {
      path: path.join(folder, "state", "outbox.db"),
      capBytes: 268_435_456,
      commitMillis: 100,
      commitReadings: 500,
      overflow: "drop-oldest",
    },
    uplink: { kind: "mqtt", inFlight: 3 },
    apply: { keys: [], revoked: [] },
    health: { host: "127.0.0.1", port: 9_464 },
  });
});

test("numbers may be text, empty text is missing, and unknown members are ignored", () => {
  const config = decodeConfig(
    { ...good, futureBranch: { x: 1 }, outbox: { capBytes: "1048576", commitMillis: "5", sealReadings: "" } },
    "agent.json",
    folder,
  );
  expect(config.outbox).toMatchObject({ capBytes: 1_048_576, commitMillis: 5 });
  expect(config.outbox.sealReadings).toBeUndefined();
  expect(faultsOf({ ...good, thing: "" })).toEqual(["thing"]);
  expect(faultsOf({ ...good, outbox: { capBytes: "lots" } })).toEqual(["outbox.capBytes"]);
});

test("an unknown twin is among the faults, with the twins there are", () => {
  const wrong = { ...good, twin: { id: "steam-engine" }, source: { mqttUrl: "nonsense" } };
  expect(faultsOf(wrong)).toEqual(["twin.id", "source.mqttUrl"]);
  expect(() => decodeConfig(wrong, "agent.json", folder)).toThrow(
    /twin\.id: "steam-engine"; expected .*web-line/,
  );
  expect(faultsOf({ ...good, twin: {} })).toEqual(["twin.id"]);
});

test("unknown members are named with the known name that is nearest, if one is near", () => {
  const { unknown } = decodeConfig(
    {
      ...good,
      futureBranch: { x: 1 },
      outbox: { capbytes: 1_048_576, comitMillis: 5 },
      apply: { keys: [{ kid: "k", pem: newSigner("k").pem, Kid2: "" }] },
    },
    "agent.json",
    folder,
  );
  expect(unknown).toEqual([
    { member: "futureBranch" },
    { member: "outbox.capbytes", nearest: "capBytes" },
    { member: "outbox.comitMillis", nearest: "commitMillis" },
    { member: "apply.keys[0].Kid2", nearest: "kid" },
  ]);
});

test("a member that another makes needless is not unknown", () => {
  fs.writeFileSync(path.join(folder, "k.pem"), newSigner("k").pem);
  const config = decodeConfig(
    {
      ...good,
      uplink: { kind: "greengrass", mqttUrl: "mqtts://broker.example:8883" },
      apply: { keys: [{ kid: "k", file: "k.pem", pem: "" }] },
      outbox: { sealReadings: "" },
    },
    "agent.json",
    folder,
  );
  expect(config.unknown).toEqual([]);
});

test("secrets come by file only: a file that is not there is a fault", () => {
  expect(faultsOf({ ...good, source: { ...good.source, passwordFile: "nowhere" }, health: {} })).toEqual([
    "source.passwordFile",
    "health.tokenFile",
  ]);
});

test("a pinned key must be a P-256 public key", () => {
  const { pem } = newSigner("k");
  expect(faultsOf({ ...good, apply: { keys: [{ kid: "k", pem }] } })).toEqual([]);
  expect(
    faultsOf({ ...good, apply: { keys: [{ kid: "k", pem: "-----BEGIN PUBLIC KEY-----" }, { kid: "l" }] } }),
  ).toEqual(["apply.keys[0].pem", "apply.keys[1].pem"]);
});

test("a Greengrass configuration lies over the file's, member by member", () => {
  expect(mergeConfig(good, { uplink: { kind: "greengrass" }, thing: undefined })).toMatchObject({
    uplink: { kind: "greengrass", mqttUrl: "mqtts://broker.example:8883" },
    thing: "line-7",
  });
});

test("a file that is no JSON is one clear fault", () => {
  const file = path.join(folder, "broken.json");
  fs.writeFileSync(file, "{");
  expect(() => readConfigFile(file)).toThrow(expect.objectContaining({ code: "BAD_CONFIG" }));
});

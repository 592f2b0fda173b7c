import { isThingName } from "@plumbline/twin/contract/topics";
import { type Fault, FaultsError } from "@plumbline/twin/errors";
import type { Queue } from "./batch/queue-runner.ts";
import type { MqttUser } from "./broker/cloud-broker.ts";
import { type Check, integer, listOf, mapOf, oneOf, struct, text } from "./http/shape.ts";
import type { Credential } from "./http/signature-v4.ts";
import { AWS_QUOTAS, type Quotas } from "./quotas.ts";

/** What a box is started with: the content of `box.json`, with the defaults filled in. */
export interface BoxConfig {
  /** Everything the box keeps: `box.sqlite`, `jobs/<jobId>.log`. */
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly region: string;
  readonly account: string;
  readonly credentials: readonly Credential[];
  readonly mqttUsers: readonly MqttUser[];
  /** A scenario clock file; without it the system clock. */
  readonly scenarioClock?: string;
  /** Image name of a job definition → command that stands for it; the container's command is appended. */
  readonly images: Readonly<Record<string, readonly string[]>>;
  /** Variables of every job. `{httpPort}` and `{mqttPort}` stand for the ports the box listens on. */
  readonly jobEnvironment: Readonly<Record<string, string>>;
  readonly jobQueues: readonly Queue[];
  readonly buckets: readonly string[];
  readonly signingAliases: readonly string[];
  /** How long a new asset model or asset stays CREATING, ms. */
  readonly createDelayMs: number;
  readonly replay?: { readonly copies: number; readonly seed: number };
  readonly quotas: Quotas;
}

const port = integer({ min: 0, max: 65_535 });
const user = struct(
  { username: text({ min: 1 }), password: text({ min: 1 }), role: oneOf("thing", "ingest", "observer") },
  { thing: text({ min: 1 }) },
);

const shape = struct(
  {
    dataDir: text({ min: 1 }),
    httpPort: port,
    credentials: listOf(
      struct(
        {
          accessKeyId: text({ min: 16, max: 128, pattern: /^\w+$/ }),
          secretAccessKey: text({ min: 1 }),
          name: text({ min: 1 }),
        },
        {},
      ),
      { min: 1 },
    ),
  },
  {
    host: oneOf("127.0.0.1", "::1", "localhost"),
    mqttPort: port,
    region: text({ pattern: /^[a-z]{2}(-[a-z]+)+-\d$/ }),
    account: text({ pattern: /^\d{12}$/ }),
    mqttUsers: listOf(user),
    scenarioClock: text({ min: 1 }),
    images: mapOf(listOf(text({ min: 1 }), { min: 1 })),
    jobEnvironment: mapOf(text()),
    jobQueues: listOf(
      struct(
        { name: text({ min: 1, max: 128, pattern: /^[\w-]+$/ }), concurrency: integer({ min: 1, max: 64 }) },
        {},
      ),
      { min: 1 },
    ),
    buckets: listOf(text({ pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/ })),
    signingAliases: listOf(text({ pattern: /^alias\/[\w/-]+$/ })),
    createDelayMs: integer({ min: 0 }),
    replay: struct({ copies: integer({ min: 1, max: 100 }), seed: integer() }, {}),
    quotas: quotaShape(),
  },
);

/** Any quota may be given anew, none may be invented. */
function quotaShape(): Check<Partial<Quotas>> {
  const positive = integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  return struct({}, Object.fromEntries(Object.keys(AWS_QUOTAS).map((name) => [name, positive])));
}

/** @throws {FaultsError} BAD_BOX_CONFIG with every fault at once. */
export function readBoxConfig(value: unknown): BoxConfig {
  const told: string[] = [];
  const found = shape(value, "", told);
  const faults = told.map((line) => faultOf(line, value));
  if (faults.length === 0) faults.push(...userFaults(found.mqttUsers ?? []));
  if (faults.length > 0)
    throw new FaultsError(
      "BAD_BOX_CONFIG",
      "the box's configuration",
      faults,
      "mend box.json; docs/cloud-in-a-box.md has one to copy",
    );
  const { quotas, mqttUsers, ...given } = found;
  return {
    host: "127.0.0.1",
    mqttPort: 0,
    region: "eu-central-1",
    account: "123456789012",
    images: {},
    jobEnvironment: {},
    jobQueues: [{ name: "plumbline-recalibration", concurrency: 2 }],
    buckets: [],
    signingAliases: ["alias/plumbline-signing"],
    createDelayMs: 0,
    ...given,
    mqttUsers: (mqttUsers ?? []).map(({ username, password, role, thing = "" }) =>
      role === "thing" ? { role, name: username, password, thing } : { role, name: username, password },
    ),
    quotas: { ...AWS_QUOTAS, ...quotas },
  };
}

const TOLD = /^Value at '(.*)' failed to satisfy constraint: (.*)$/s;
const SECRET = /secretAccessKey|password/;

/** A check's line as a fault with the value that was given; secrets are not repeated. */
function faultOf(line: string, value: unknown): Fault {
  const [, path = "", expected = line] = TOLD.exec(line) ?? [];
  if (expected.includes("not emulated"))
    return { path, found: "a member that the box does not know", expected: "no such member" };
  const given = SECRET.test(path) ? "(a secret)" : (JSON.stringify(valueAt(value, path)) ?? "nothing");
  return { path, found: given.slice(0, 80), expected };
}

/** Lists are counted from 1 in a check's path, as AWS counts them, and their items are named `member`. */
function valueAt(value: unknown, path: string): unknown {
  return path
    .replaceAll(/(\d+)\.member/g, (_, index: string) => String(Number(index) - 1))
    .split(".")
    .reduce((inner: unknown, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
}

type GivenUser = { readonly username: string; readonly role: string; readonly thing?: string };

function userFaults(users: readonly GivenUser[]): Fault[] {
  return users.flatMap(({ username, role, thing }, index) => {
    const path = `mqttUsers.${index + 1}.member`;
    const twice = users.findIndex((each) => each.username === username) !== index;
    const wrong = role === "thing" ? thing === undefined || !isThingName(thing) : thing !== undefined;
    return [
      ...(twice
        ? [
            {
              path: `${path}.username`,
              found: JSON.stringify(username),
              expected: "a name that no other user has",
            },
          ]
        : []),
      ...(wrong
        ? [
            {
              path: `${path}.thing`,
              found: JSON.stringify(thing),
              expected: role === "thing" ? "the thing's name" : "no thing for this role",
            },
          ]
        : []),
    ];
  });
}

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  ackTopic,
  frameTopic,
  heartbeatTopic,
  partFilter,
  partRequestTopic,
  shadowTopic,
} from "@plumbline/twin/contract/topics";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { decodeConfig } from "../../edge-agent/src/config.ts";
import { lintRecipe, type Recipe } from "./recipe-lint.ts";

const root = path.resolve(import.meta.dirname, "../..");
const text = readFileSync(path.join(root, "greengrass-recipes/com.plumbline.EdgeAgent.json"), "utf8");
const recipe = JSON.parse(text) as Recipe;
const configuration = recipe.ComponentConfiguration.DefaultConfiguration;
const schemaFile = path.resolve(
  root,
  process.env["PLUMBLINE_TEST_DATA"] ?? "../shared/data",
  "greengrass/recipe-schema.json",
);

interface Policy {
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}
const policies = Object.values(
  (configuration["accessControl"] as Record<string, Record<string, Policy>>)[
    "aws.greengrass.ipc.mqttproxy"
  ] ?? {},
);
/** `*` matches any characters; a subscription's filter is matched as the text it is. */
const allowed = (operation: string, topic: string): boolean =>
  policies.some(
    ({ operations, resources }) =>
      operations.includes(`aws.greengrass#${operation}`) &&
      resources.some((resource) => new RegExp(`^${resource.split("*").map(quote).join(".*")}$`).test(topic)),
  );
function quote(part: string): string {
  return part.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

describe("the agent's recipe", () => {
  test("keeps the rules of both runtimes", () => {
    expect(lintRecipe(text)).toEqual([]);
  });

  test("configures only what the agent reads, and the agent accepts its defaults but for what a device adds", () => {
    const fromNucleus = { thing: "line-1" };
    const { accessControl: _, ...settings } = configuration;
    let faults = "";
    try {
      decodeConfig({ ...settings, ...fromNucleus }, "recipe", root);
    } catch (error) {
      faults = String(error);
    }
    // The token's file is made by the run script, on the device.
    const paths = [...faults.matchAll(/\n {2}(\S+): /g)].map(([, path_]) => path_);
    expect(paths.filter((fault) => fault !== "health.tokenFile")).toEqual([]);
    const config = readFileSync(path.join(root, "edge-agent/src/config.ts"), "utf8");
    const names = Object.values(settings).flatMap((value) =>
      typeof value === "object" ? Object.keys(value ?? {}) : [],
    );
    expect(names.filter((name) => !config.includes(name))).toEqual([]);
  });

  const shadow = (verb: Parameters<typeof shadowTopic>[2]): string => shadowTopic("gw:1", "main", verb);
  test.each([
    frameTopic("gw:1"),
    heartbeatTopic("gw:1"),
    partRequestTopic("gw:1"),
    shadow("get"),
    shadow("update"),
  ])("lets the agent publish on %s and not subscribe to it", (topic) => {
    expect(allowed("PublishToIoTCore", topic)).toBe(true);
    expect(allowed("SubscribeToIoTCore", topic)).toBe(false);
  });

  test.each([
    ackTopic("gw:1"),
    partFilter("gw:1", "main"),
    ...(["get/accepted", "get/rejected", "update/accepted", "update/rejected", "update/delta"] as const).map(
      shadow,
    ),
  ])("lets the agent subscribe to %s and not publish on it", (topic) => {
    expect(allowed("SubscribeToIoTCore", topic)).toBe(true);
    expect(allowed("PublishToIoTCore", topic)).toBe(false);
  });
});

describe.skipIf(!existsSync(schemaFile))("the agent's recipe [needs the reference data]", () => {
  test("is valid against the published schema", () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, "utf8")) as object);
    // The schema's keys are lower case, as the Greengrass development kit lowers them before it looks.
    const valid = validate(lowered(recipe));
    expect(validate.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(validate(lowered({ ...recipe, Manifests: undefined }))).toBe(false);
  });
});

function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), lowered(inner)]));
}

describe("the recipe's lint sees", () => {
  const breach = (change: (copy: Breakable) => void): string[] => {
    const copy = JSON.parse(text) as Breakable;
    change(copy);
    return lintRecipe(JSON.stringify(copy));
  };
  interface Breakable {
    ComponentConfiguration: { DefaultConfiguration: Record<string, unknown> };
    ComponentDependencies?: unknown;
    Manifests: [
      {
        Platform: Record<string, unknown>;
        Lifecycle: Record<string, Record<string, unknown>>;
        Artifacts?: unknown;
      },
    ];
  }
  const run = (copy: Breakable): Record<string, unknown> => copy.Manifests[0].Lifecycle["run"] ?? {};

  test.each<[string, (copy: Breakable) => void, RegExp]>([
    ["a platform without runtime", (copy) => delete copy.Manifests[0].Platform["runtime"], /runtime/],
    ["script in lower case", (copy) => Object.assign(run(copy), { script: "x" }), /run\.script: not a key/],
    ["a time limit on run", (copy) => Object.assign(run(copy), { Timeout: 5 }), /run\.Timeout: not a key/],
    [
      "an install phase",
      (copy) => Object.assign(copy.Manifests[0].Lifecycle, { install: { Script: "exec node x" } }),
      /only run/,
    ],
    [
      "a number in Setenv",
      (copy) => Object.assign(run(copy), { Setenv: { PORT: 9464 } }),
      /Setenv\.PORT: not a string/,
    ],
    ["a brace in a script", (copy) => Object.assign(run(copy), { Script: "exec node {x}/main.js" }), /brace/],
    ["a shell's default", (copy) => Object.assign(run(copy), { Script: "exec node $" + "{A:-b}" }), /brace/],
    ["a script without exec", (copy) => Object.assign(run(copy), { Script: "node main.js" }), /exec node/],
    ["a dependency", (copy) => Object.assign(copy, { ComponentDependencies: {} }), /Dependencies/],
    ["no list of artifacts", (copy) => delete copy.Manifests[0].Artifacts, /Artifacts: missing/],
    [
      "a leaf over 1,024 bytes",
      (copy) => Object.assign(copy.ComponentConfiguration.DefaultConfiguration, { note: "x".repeat(1100) }),
      /a leaf over 1,024/,
    ],
    [
      "a recipe too large for lite's buffer",
      (copy) =>
        Object.assign(copy.ComponentConfiguration.DefaultConfiguration, { a: { b: "x".repeat(5000) } }),
      /lite reads 8,196/,
    ],
  ])("%s", (_name, change, told) => {
    expect(breach(change).join("\n")).toMatch(told);
  });
});

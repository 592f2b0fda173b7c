import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cruise, cruise, ROOT, WORKSPACES } from "./cruise.ts";
import { ALLOWED, BREACHES, PACKAGES } from "./planted.ts";

const rules = createRequire(import.meta.url)(path.join(ROOT, ".dependency-cruiser.cjs")) as {
  readonly forbidden: readonly { readonly name: string }[];
};

describe("the repository", () => {
  let seen: Cruise;
  beforeAll(() => {
    seen = cruise(ROOT, [...WORKSPACES, "bin", "test"]);
  });

  test("is looked at with open eyes: the cruise sees more than 40 modules of the product", () => {
    const product = seen.modules.filter(({ source }) =>
      /^(twin|edge-agent|cloud|simulators)\/src\//.test(source),
    );
    expect(product.length).toBeGreaterThan(40);
    expect(seen.summary.totalCruised).toBeGreaterThanOrEqual(product.length);
  });

  test("keeps every dependency rule", () => {
    expect(seen.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
  });

  test.each(WORKSPACES)("imports each third-party package in one file of %s", (workspace) => {
    // The stacks are written in the CDK: it is their language there, not a client to be swapped.
    const language = /^(aws-cdk-lib|constructs)$/;
    expect(
      importers(seen, workspace).filter(({ name, files }) => files.length > 1 && !language.test(name)),
    ).toEqual([]);
  });
});

/** Every third-party package of a workspace with the files that import it. */
function importers(seen: Cruise, workspace: string): { name: string; files: string[] }[] {
  const files = new Map<string, Set<string>>();
  for (const { source, dependencies } of seen.modules) {
    if (!source.startsWith(`${workspace}/src/`)) continue;
    for (const { module } of dependencies) {
      if (module.startsWith(".") || module.startsWith("@plumbline/") || isBuiltin(module)) continue;
      const name = module
        .split("/")
        .slice(0, module.startsWith("@") ? 2 : 1)
        .join("/");
      files.set(name, (files.get(name) ?? new Set()).add(source));
    }
  }
  return [...files].map(([name, sources]) => ({ name, files: [...sources].sort() }));
}

describe("a planted violation", () => {
  let tree: string;
  let seen: Cruise;

  beforeAll(() => {
    tree = realpathSync(mkdtempSync(path.join(os.tmpdir(), "plumbline-rules-")));
    const write = (file: string, text: string): void => {
      mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
      writeFileSync(path.join(tree, file), text);
    };
    write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions: { module: "nodenext", customConditions: ["source"] } }),
    );
    write(
      "twin/package.json",
      JSON.stringify({ name: "@plumbline/twin", exports: { "./*": { source: "./src/*.ts" } } }),
    );
    for (const name of PACKAGES) {
      write(
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: "1.0.0", main: "index.js" }),
      );
      write(`node_modules/${name}/index.js`, "");
    }
    mkdirSync(path.join(tree, "node_modules/@plumbline"), { recursive: true });
    symlinkSync("../../twin", path.join(tree, "node_modules/@plumbline/twin"));
    for (const { file, source } of [...ALLOWED, ...BREACHES]) write(file, source);
    seen = cruise(tree, [...WORKSPACES, "bin", "test"]);
  });
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  test.each(BREACHES)("of $rule in $file is seen", ({ rule, file }) => {
    // A cycle is told once, from one of its ends.
    const fired = seen.summary.violations
      .filter(({ from, to }) => from === file || to === file)
      .map((violation) => violation.rule.name);
    expect(fired).toContain(rule);
  });

  test("exists for every rule there is", () => {
    expect(new Set(BREACHES.map(({ rule }) => rule))).toEqual(
      new Set(rules.forbidden.map(({ name }) => name)),
    );
  });

  test("stands beside files that keep the rules, and those are let through", () => {
    const allowed = new Set(ALLOWED.map(({ file }) => file));
    const blamed = seen.summary.violations
      .filter(({ from, rule }) => allowed.has(from) && rule.name !== "no-cycles")
      .map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`);
    expect(blamed).toEqual([]);
  });
});

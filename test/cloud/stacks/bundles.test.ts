import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plumblineApp } from "../../../cloud/src/stacks/plumbline-app.ts";
import { FLEET } from "./synthesis.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-bundles-"));
let bundles: string[];

beforeAll(() => {
  plumblineApp({ plumbline: { fleet: FLEET } }, folder).app.synth();
  bundles = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /^asset\..*\/index\.mjs$/.test(name),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A bundle that does not load is found by AWS Lambda at the first frame, and by nobody before. */
describe("a bundled function", () => {
  test("is there for ingest and for the planner", () => {
    expect(bundles).toHaveLength(2);
  });

  test("loads by itself, away from the repository's packages, and exports its handler", () => {
    for (const bundle of bundles) {
      const url = pathToFileURL(path.join(folder, bundle)).href;
      const script = `const { handler } = await import(${JSON.stringify(url)}); process.stdout.write(typeof handler);`;
      const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: folder,
        encoding: "utf8",
      });
      expect({ stdout, stderr }).toEqual({ stdout: "function", stderr: "" });
    }
  });
});

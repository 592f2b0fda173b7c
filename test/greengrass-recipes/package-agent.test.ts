import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const script = path.join(root, "bin/package-agent.mjs");
const out = mkdtempSync(path.join(os.tmpdir(), "plumbline-package-"));
const folder = path.join(out, `edge-agent-${process.arch}`);
const pack = (...args: string[]): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });

describe.skipIf(process.platform !== "linux")("the packed agent", () => {
  beforeAll(() => {
    const { status, stderr } = pack("--out", out, "--bucket", "my-artifacts", "--version", "9.8.7");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  test("starts outside the repository, where no package of it can be found", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(folder, "main.js"), "--help"], {
      cwd: out,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/plumbline-agent/);
    expect(status).toBe(0);
  });

  test("carries every file that it starts by name, such as the outbox's worker", () => {
    const main = readFileSync(path.join(folder, "main.js"), "utf8");
    const named = [...main.matchAll(/new URL\("(\.\/[^"]+\.js)", import\.meta\.url\)/g)].map(
      ([, file = ""]) => file,
    );
    expect(named).toContain("./outbox/outbox-worker.js");
    expect(named.filter((file) => !existsSync(path.join(folder, file)))).toEqual([]);
  });

  test("carries native binaries that load in it", () => {
    const probe = `
      const { createRequire } = require("node:module");
      const load = createRequire(${JSON.stringify(path.join(folder, "main.js"))});
      new (load("better-sqlite3"))(":memory:").close();
      load("./aws-crt-nodejs.node");`;
    expect(spawnSync(process.execPath, ["-e", probe], { cwd: out, encoding: "utf8" }).stderr).toBe("");
  });

  test("is the same in its zip as in its folder, and the same bytes when packed again", () => {
    const zip = readFileSync(`${folder}.zip`);
    const files = unzipSync(zip);
    expect(Object.keys(files)).toContain("main.js");
    expect(Buffer.from(files["main.js"] ?? []).equals(readFileSync(path.join(folder, "main.js")))).toBe(true);
    pack("--out", out, "--bucket", "my-artifacts", "--version", "9.8.7");
    expect(readFileSync(`${folder}.zip`).equals(zip)).toBe(true);
  });

  test("comes with the recipe, bucket and version filled in", () => {
    const recipe = readFileSync(path.join(out, "com.plumbline.EdgeAgent-9.8.7.json"), "utf8");
    expect(recipe).toContain(
      `s3://my-artifacts/com.plumbline.EdgeAgent/9.8.7/edge-agent-${process.arch}.zip`,
    );
    expect(recipe).not.toContain("BUCKET");
    expect(JSON.parse(recipe)).toMatchObject({ ComponentVersion: "9.8.7" });
  });

  test("is refused for another architecture without a binary for it, with the next step", () => {
    const other = process.arch === "x64" ? "arm64" : "x64";
    const { status, stderr } = pack("--out", path.join(out, "other"), "--arch", other);
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`linux/${other}.*--better-sqlite3`));
    expect(existsSync(path.join(out, "other", `edge-agent-${other}.zip`))).toBe(false);
  });
});

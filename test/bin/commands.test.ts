import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensurePackages } from "../../bin/setup.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");
let clone: string;

/** A checkout in small: the real commands over workspaces of one file, with the repository's packages. */
beforeAll(() => {
  clone = mkdtempSync(path.join(os.tmpdir(), "plumbline-clone-"));
  cpSync(path.join(ROOT, "bin"), path.join(clone, "bin"), { recursive: true });
  for (const file of ["package.json", "package-lock.json", "tsconfig.json"])
    cpSync(path.join(ROOT, file), path.join(clone, file));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(clone, "node_modules"));
  // Older than what is installed: these tests must never install anything, least of all through the link.
  utimesSync(path.join(clone, "package-lock.json"), 1, 1);
  for (const name of ["twin", "edge-agent", "cloud", "simulators"]) {
    mkdirSync(path.join(clone, name, "src"), { recursive: true });
    for (const file of ["package.json", "tsconfig.json"])
      cpSync(path.join(ROOT, name, file), path.join(clone, name, file));
    writeFileSync(path.join(clone, name, "src/main.ts"), ECHO);
  }
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

const ECHO = `
declare const process: { argv: string[]; exit(code: number): never; on(event: string, then: () => void): void };
declare const setInterval: (then: () => void, ms: number) => void;
declare const console: { log(text: string): void };
const waits = process.argv.includes("--wait");
if (waits) {
  process.on("SIGTERM", () => process.exit(7));
  setInterval(() => undefined, 1000);
}
console.log(JSON.stringify(process.argv.slice(2)));
if (!waits) process.exit(process.argv.includes("--fail") ? 3 : 0);
export {};
`;
const plumbline = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [path.join(clone, "bin/plumbline.mjs"), ...args], { encoding: "utf8" });

describe("plumbline", () => {
  test("lists its commands with an example each, before anything is installed", () => {
    const { status, stdout } = plumbline("--help");
    expect(status).toBe(0);
    for (const command of ["demo", "drill", "twin", "recalibrate", "bench"])
      expect(stdout).toMatch(new RegExp(`plumbline ${command} `));
  });

  test("compiles on the first call, says so on stderr alone, and passes arguments and exit code through", () => {
    const first = plumbline("drill", "web-line", "--json", "--fail");
    expect(first.stdout).toBe('["drill","web-line","--json","--fail"]\n');
    expect(first.stderr).toMatch(/setup: compiling/);
    expect(first.status).toBe(3);
  });

  test("does nothing twice: the second call says nothing of its own", () => {
    expect(plumbline("demo", "--json")).toMatchObject({
      stdout: '["demo","--json"]\n',
      stderr: "",
      status: 0,
    });
  });

  test("compiles again after a source has changed", () => {
    writeFileSync(path.join(clone, "cloud/src/extra.ts"), "export const extra = 1;\n");
    expect(plumbline("twin", "validate").stderr).toMatch(/setup: compiling/);
    rmSync(path.join(clone, "cloud/src/extra.ts"));
    expect(plumbline("twin", "validate").stderr).toMatch(/setup: compiling/);
  });

  test("stops with the compiler's words and a next step when a source is wrong", () => {
    writeFileSync(path.join(clone, "cloud/src/wrong.ts"), "export const wrong: number = 'text';\n");
    const { status, stdout, stderr } = plumbline("twin", "validate");
    rmSync(path.join(clone, "cloud/src/wrong.ts"));
    expect({ status, stdout }).toEqual({ status: 70, stdout: "" });
    expect(stderr).toMatch(/TS2322[\s\S]*→/);
  });

  test("passes a signal on and waits for the end", async () => {
    plumbline("twin");
    const child: ChildProcess = spawn(process.execPath, [
      path.join(clone, "bin/plumbline.mjs"),
      "demo",
      "--wait",
    ]);
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill("SIGTERM");
    expect(await ended).toBe(7);
  });

  test("refuses a command it does not have", () => {
    expect(plumbline("toString")).toMatchObject({ status: 64, stdout: "" });
  });
});

describe("setup", () => {
  test("does not install again when a checkout has only touched the lock", () => {
    const root = mkdtempSync(path.join(os.tmpdir(), "plumbline-lock-"));
    mkdirSync(path.join(root, "node_modules"));
    const lock = {
      packages: {
        "": {},
        "node_modules/a": { version: "1.0.0" },
        "node_modules/b": { version: "2.0.0", optional: true },
      },
    };
    writeFileSync(path.join(root, "package-lock.json"), JSON.stringify(lock));
    const installed = { packages: { "node_modules/a": { version: "1.0.0" } } };
    writeFileSync(path.join(root, "node_modules/.package-lock.json"), JSON.stringify(installed));
    utimesSync(path.join(root, "node_modules/.package-lock.json"), 1, 1);
    expect(ensurePackages(root)).toBe("up to date");
    rmSync(root, { recursive: true, force: true });
  });
});

#!/usr/bin/env node
/**
 * Brings a checkout to the state where everything runs: packages, the native SQLite binary, the compiled workspaces.
 * Plain Node without a package, because it runs before there is one. Each step first looks whether it is needed, so a
 * second call costs milliseconds. It speaks on stderr only: stdout belongs to the command that called it.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNative } from "./native.mjs";
import { run, runNpm, say, withLock } from "./process.mjs";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
/** What setup remembers between calls; in .gitignore. */
export const STATE = path.join(ROOT, ".plumbline");
export const WORKSPACES = ["twin", "edge-agent", "cloud", "simulators"];

const readJson = (file) => JSON.parse(fs.readFileSync(file, "utf8"));
const modified = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;

/** Is every package of the lock installed in its version? Optional ones (other platforms) may be absent. */
function installedAsLocked(lockFile, installedFile) {
  const wanted = readJson(lockFile).packages;
  const present = readJson(installedFile).packages;
  return Object.entries(wanted).every(([where, entry]) => {
    if (!where.startsWith("node_modules/")) return true;
    const found = present[where];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

/** Installs when node_modules is missing, or older than the lock and different from it. */
export function ensurePackages(root = ROOT) {
  const lockFile = path.join(root, "package-lock.json");
  const installedFile = path.join(root, "node_modules", ".package-lock.json");
  const installedAt = modified(installedFile);
  if (installedAt !== undefined) {
    if (installedAt >= modified(lockFile)) return "up to date";
    // A checkout touches the lock without changing it: compare before spending a minute.
    if (installedAsLocked(lockFile, installedFile)) {
      fs.utimesSync(installedFile, new Date(), new Date());
      return "up to date";
    }
  }
  say("installing packages (npm ci), about a minute …");
  // Scripts are off: of the packages that have one only better-sqlite3 needs it, and that one is cached below.
  runNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], root);
  return "installed";
}

function sourceFiles(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|json)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

/** Names, sizes and times of everything that the build reads; a deleted file changes it too. */
function sourcesFingerprint(root) {
  const files = [
    path.join(root, "tsconfig.json"),
    path.join(root, "package-lock.json"),
    ...WORKSPACES.flatMap((name) => [
      path.join(root, name, "tsconfig.json"),
      path.join(root, name, "package.json"),
      ...sourceFiles(path.join(root, name, "src")),
    ]),
  ];
  const hash = createHash("sha256");
  for (const file of files.sort()) {
    // A file may vanish between the listing and the look: then it is as if it had not been listed.
    const found = fs.statSync(file, { throwIfNoEntry: false });
    if (found) hash.update(`${file} ${found.size} ${found.mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** Compiles when a source is newer than what was compiled last. */
export function ensureBuilt(root = ROOT) {
  const stamp = path.join(root, ".plumbline", "built");
  const fingerprint = sourcesFingerprint(root);
  const complete = WORKSPACES.every((name) => fs.existsSync(path.join(root, name, "dist", ".tsbuildinfo")));
  if (complete && fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === fingerprint) return "up to date";
  say("compiling the workspaces (tsc -b) …");
  fs.rmSync(stamp, { force: true });
  run(process.execPath, ["node_modules/typescript/bin/tsc", "-b"], { cwd: root });
  fs.writeFileSync(stamp, fingerprint);
  return "compiled";
}

/** All steps, one caller at a time. @throws when a step fails; its output has been shown. */
export function setup({ build = true } = {}) {
  assertNode();
  fs.mkdirSync(STATE, { recursive: true });
  withLock(path.join(STATE, "setup.lock"), () => {
    const steps = [
      ["packages", () => ensurePackages()],
      ["better-sqlite3", () => ensureNative(ROOT, STATE)],
      ...(build ? [["workspaces", () => ensureBuilt()]] : []),
    ];
    for (const [name, step] of steps) {
      const started = Date.now();
      const outcome = step();
      if (outcome !== "up to date")
        say(`${name}: ${outcome} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
  });
}

function assertNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 14) || major > 22) return;
  throw new Error(
    `Node ${process.versions.node} is too old; install Node 20.19 or newer, 22.14 or newer, or 24`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    setup();
    say("ready");
  } catch (error) {
    say(`failed: ${error.message}`);
    process.exitCode = 1;
  }
}

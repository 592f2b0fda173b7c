/**
 * better-sqlite3 is compiled from C when no ready binary can be had: a minute or two. The result is kept outside the
 * checkout, keyed by everything that decides whether it loads, so that a second clone takes milliseconds.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { runNpm, say } from "./process.mjs";

const BINARY = "build/Release/better_sqlite3.node";

const libc = () => {
  if (process.platform !== "linux") return "system";
  return process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "glibc";
};

/** Where binaries are kept; follows the XDG rule. */
export const cacheFolder = () =>
  path.join(process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), "plumbline");

/** Loads it in a process of its own: a wrong binary may not only throw but crash. */
function loads(root) {
  const probe = 'new (require("better-sqlite3"))(":memory:").close()';
  return spawnSync(process.execPath, ["-e", probe], { cwd: root, stdio: "ignore" }).status === 0;
}

/** Write, then rename: a reader never meets half a binary. */
function copyWhole(from, to) {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  const partial = `${to}.${process.pid}`;
  fs.copyFileSync(from, partial);
  fs.renameSync(partial, to);
}

function keep(binary, cached) {
  try {
    copyWhole(binary, cached);
  } catch (error) {
    say(
      `better-sqlite3: could not be kept in ${path.dirname(cached)} (${error.code}); the next clone compiles again`,
    );
  }
}

/** node-gyp needs Node's headers; a Node that carries them makes the build independent of the network. */
function headers() {
  const prefix = path.resolve(path.dirname(process.execPath), "..");
  return fs.existsSync(path.join(prefix, "include", "node", "node.h")) ? { npm_config_nodedir: prefix } : {};
}

/** Makes better-sqlite3 loadable under this Node; remembers in `state` which binary was seen to load. */
export function ensureNative(root, state) {
  const home = path.join(root, "node_modules", "better-sqlite3");
  const binary = path.join(home, BINARY);
  const { version } = JSON.parse(fs.readFileSync(path.join(home, "package.json"), "utf8"));
  const abi = `${version}-abi${process.versions.modules}-${process.platform}-${process.arch}`;
  const stamp = path.join(state, "native");
  const seen = () => {
    const found = fs.statSync(binary, { throwIfNoEntry: false });
    return found && `${abi} ${found.size} ${found.mtimeMs}`;
  };
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === seen()) return "up to date";

  const cached = path.join(cacheFolder(), `better-sqlite3-${abi}-${libc()}`, "better_sqlite3.node");
  const outcome = provide({ root, binary, cached });
  fs.writeFileSync(stamp, seen());
  return outcome;
}

function provide({ root, binary, cached }) {
  if (fs.existsSync(binary) && loads(root)) {
    if (!fs.existsSync(cached)) keep(binary, cached);
    return "up to date";
  }
  if (fs.existsSync(cached)) {
    copyWhole(cached, binary);
    if (loads(root)) return "taken from the cache";
    fs.rmSync(cached, { force: true });
  }
  say("building better-sqlite3 (a minute or two, once per machine and Node version) …");
  runNpm(["rebuild", "better-sqlite3"], root, headers());
  if (!loads(root)) {
    throw new Error("better-sqlite3 was built but does not load; it needs a C++ compiler, python3 and make");
  }
  keep(binary, cached);
  return "built";
}

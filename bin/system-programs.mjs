/**
 * Programs outside npm that some suites start, and what the benchmark compares with. They are installed where that can be
 * done without asking (root on Debian or Ubuntu); elsewhere their suites and rows are skipped by name, with what is missing.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { say } from "./process.mjs";

const SBIN = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/** program → Debian package. */
export const PROGRAMS = { mosquitto: "mosquitto" };
/** Module of Debian's Python → package: what the benchmark compares the product with. */
export const PEERS = {
  numpy: "python3-numpy",
  scipy: "python3-scipy",
  statsmodels: "python3-statsmodels",
  emcee: "python3-emcee",
};
const A_DAY = 86_400_000;

export function isInstalled(program) {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), ...SBIN];
  return folders.some((folder) => folder !== "" && fs.existsSync(path.join(folder, program)));
}

/** The PATH with the folders where Debian puts daemons, which a plain user's PATH lacks. */
export const pathWithSbin = () => [process.env["PATH"] ?? "", ...SBIN].join(path.delimiter);

const canInstall = () =>
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  fs.existsSync("/etc/debian_version") &&
  isInstalled("apt-get");

const apt = (args) =>
  spawnSync("apt-get", ["-q", "-y", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20", ...args], {
    stdio: "ignore",
    timeout: 120_000,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status === 0;

/** Quiet, and never fatal: what cannot be installed is skipped visibly later. A failure is not tried again that day. */
function install(missing, packages, failed, reader) {
  const failedAt = fs.statSync(failed, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (missing.length === 0 || !canInstall() || Date.now() - failedAt < A_DAY) return;
  say(`installing ${missing.join(", ")} for the ${reader} that need it …`);
  const wanted = ["install", "--no-install-recommends", ...missing.map((name) => packages[name])];
  if (apt(wanted) || (apt(["update"]) && apt(wanted))) return;
  say(`could not install ${missing.join(", ")}; their ${reader} will be listed as not run`);
  fs.writeFileSync(failed, missing.join("\n"));
}

export function installPrograms(state) {
  const missing = Object.keys(PROGRAMS).filter((program) => !isInstalled(program));
  install(missing, PROGRAMS, path.join(state, "apt-failed"), "suites");
}

/** Only Debian's own Python sees Debian's packages. */
export function installPeers(state) {
  const script =
    "import importlib.util as u, sys; print(*[m for m in sys.argv[1:] if u.find_spec(m) is None])";
  const modules = Object.keys(PEERS);
  const { status, stdout } = spawnSync("/usr/bin/python3", ["-c", script, ...modules], { encoding: "utf8" });
  const missing = status === 0 ? modules.filter((name) => stdout.trim().split(" ").includes(name)) : modules;
  install(missing, PEERS, path.join(state, "apt-peers-failed"), "rows");
}

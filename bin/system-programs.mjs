/**
 * Programs outside npm that some suites start. They are installed where that can be done without asking (root on
 * Debian or Ubuntu); elsewhere their suites are skipped by name, and the test command says what would enable them.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { say } from "./process.mjs";

const SBIN = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/** program → Debian package. */
export const PROGRAMS = { mosquitto: "mosquitto" };
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
export function installPrograms(state) {
  const missing = Object.keys(PROGRAMS).filter((program) => !isInstalled(program));
  const failed = path.join(state, "apt-failed");
  const failedAt = fs.statSync(failed, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (missing.length === 0 || !canInstall() || Date.now() - failedAt < A_DAY) return;
  say(`installing ${missing.join(", ")} for the suites that need it …`);
  const wanted = ["install", "--no-install-recommends", ...missing.map((program) => PROGRAMS[program])];
  if (apt(wanted) || (apt(["update"]) && apt(wanted))) return;
  say(`could not install ${missing.join(", ")}; their suites will be listed as not run`);
  fs.writeFileSync(failed, missing.join("\n"));
}

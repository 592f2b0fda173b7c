/** Child processes for the repository's own commands: their output goes to our stderr, so that stdout stays clean. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";

export const say = (line) => process.stderr.write(`setup: ${line}\n`);

/** Runs to the end. @throws when it cannot start or ends with another code than 0. */
export function run(command, args, { cwd, env = {}, timeoutMs } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", 2, 2],
    timeout: timeoutMs,
  });
  if (result.error) throw new Error(`${path.basename(command)} did not run: ${result.error.message}`);
  if (result.status === 0) return;
  const how = result.signal ? `was ended by ${result.signal}` : `ended with code ${result.status}`;
  throw new Error(`${[path.basename(command), ...args].join(" ")} ${how}; its output is above`);
}

/** The npm that called us, or the one on the PATH. */
export function runNpm(args, cwd, env = {}) {
  const quiet = {
    npm_config_update_notifier: "false",
    npm_config_fund: "false",
    npm_config_audit: "false",
    ...env,
  };
  const caller = process.env["npm_execpath"];
  if (caller?.endsWith(".js") && fs.existsSync(caller))
    run(process.execPath, [caller, ...args], { cwd, env: quiet });
  else run("npm", args, { cwd, env: quiet });
}

const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

function ownerIsAlive(lock) {
  const owner = Number(fs.readFileSync(lock, "utf8"));
  // Written a moment after the file was made: an empty lock has an owner who is about to say so.
  if (!Number.isInteger(owner) || owner <= 0) return Date.now() - fs.statSync(lock).mtimeMs < 5_000;
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function tryLock(lock) {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    if (!ownerIsAlive(lock)) fs.rmSync(lock, { force: true });
  } catch (error) {
    // Its owner removed it between our two looks.
    if (error.code !== "ENOENT") throw error;
  }
  return false;
}

/** Two commands started together must not install over one another; a lock whose owner died is taken over. */
export function withLock(lock, work) {
  let told = false;
  while (!tryLock(lock)) {
    if (!told && fs.existsSync(lock)) {
      say("waiting for another setup of this checkout …");
      told = true;
    }
    pause(100);
  }
  try {
    return work();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

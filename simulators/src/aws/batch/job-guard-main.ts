import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { constants } from "node:os";

/**
 * Runs one job's command and dies with it; and the job dies with the box. Standard input is a pipe that the box
 * holds and never writes to: when it closes, for whatever reason, the box is gone, and the job's whole process group
 * is killed. File descriptor 3 tells the box the job's process id, or why it did not start.
 */
const REPORT_FD = 3;
const NOT_STARTED = 127;

const [command = "", ...args] = process.argv.slice(2);
const job = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });

function signalGroup(signal: NodeJS.Signals): void {
  try {
    if (job.pid !== undefined) process.kill(-job.pid, signal);
  } catch {
    // The group is gone already: that is what was wanted.
  }
}

job.on("spawn", () => writeSync(REPORT_FD, `${JSON.stringify({ pid: job.pid })}\n`));
job.on("error", (error) => {
  writeSync(REPORT_FD, `${JSON.stringify({ error: error.message })}\n`);
  process.exit(NOT_STARTED);
});
job.on("exit", (code, signal) => {
  // Whatever the job started ends with it.
  signalGroup("SIGKILL");
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
});

process.stdin.on("close", () => signalGroup("SIGKILL"));
process.stdin.resume();
process.on("SIGTERM", () => signalGroup("SIGTERM"));
process.on("SIGINT", () => undefined);

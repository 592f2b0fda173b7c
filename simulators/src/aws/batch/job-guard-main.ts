import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { constants } from "node:os";

/**
 * Runs one job's command; the job dies with the box, however the box goes. Standard input is a pipe that the box holds
 * and never writes to: when it closes, the whole process group is killed, which is this guard (its leader), the job and
 * whatever the job started. The box sweeps the same group when the guard has ended, so a killed guard leaves nothing
 * either. File descriptor 3 tells the box why a command did not start.
 */
const REPORT_FD = 3;
const NOT_STARTED = 127;

const [command = "", ...args] = process.argv.slice(2);
process.stdin.on("close", () => process.kill(-process.pid, "SIGKILL"));
process.stdin.resume();

const job = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
job.on("error", (error) => {
  writeSync(REPORT_FD, error.message);
  process.exit(NOT_STARTED);
});
job.on("exit", (code, signal) => {
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
});
// Passed on to the job alone, as a container's first process alone gets it.
process.on("SIGTERM", () => job.kill("SIGTERM"));
process.on("SIGINT", () => undefined);

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { Readable } from "node:stream";

export interface JobCommand {
  /** Program and arguments; `node` is the Node that runs the box. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Output of all attempts, one behind the other. */
  readonly logPath: string;
}

export interface JobExit {
  readonly exitCode?: number;
  /** Why there is no exit code of the job's own. */
  readonly reason?: string;
}

export interface JobProcess {
  readonly ended: Promise<JobExit>;
  /** SIGTERM now, SIGKILL after the grace. */
  stop(graceMs: number): void;
}

/** Exit code of a process that SIGKILL ended. */
const KILLED = 137;

/** Starts a command under its guard. Never throws: a command that cannot start is an exit with a reason. */
export function startJob(guardProgram: string, { argv, environment, logPath }: JobCommand): JobProcess {
  mkdirSync(dirname(logPath), { recursive: true });
  const log = openSync(logPath, "a");
  const [program = "", ...rest] = argv;
  const command = [program === "node" ? process.execPath : program, ...rest];
  const guard = spawn(process.execPath, [guardProgram, ...command], {
    // The pipe at 0 is the job's lease on life: it closes when the box goes, however it goes.
    stdio: ["pipe", log, log, "pipe"],
    env: { ...environment },
    // A process group of its own, led by the guard: to be killed as one.
    detached: true,
  });
  closeSync(log);
  const refusal = textOf(guard.stdio[3] as Readable);
  let killer: NodeJS.Timeout | undefined;
  let stopping = false;
  const ended = new Promise<JobExit>((resolve) => {
    guard.on("error", (error) => resolve({ reason: `CannotStartContainerError: ${error.message}` }));
    guard.on("exit", () => {
      clearTimeout(killer);
      // What the job started ends with it; and the job, when it is the guard that was killed.
      killGroup(guard.pid);
    });
    guard.on("close", (code) => {
      if (refusal.text !== "") resolve({ reason: `CannotStartContainerError: ${refusal.text}` });
      else if (code !== null || stopping) resolve({ exitCode: code ?? KILLED });
      else resolve({ exitCode: KILLED, reason: "The job's guard was killed" });
    });
  });
  return {
    ended,
    stop: (graceMs) => {
      stopping = true;
      guard.kill("SIGTERM");
      killer = setTimeout(() => killGroup(guard.pid), graceMs);
    },
  };
}

/** What comes through a pipe, as it comes. */
function textOf(pipe: Readable): { text: string } {
  const found = { text: "" };
  pipe.setEncoding("utf8").on("data", (chunk: string) => {
    found.text += chunk;
  });
  return found;
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL");
  } catch {
    // All of it had ended by itself.
  }
}

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
  });
  closeSync(log);
  const told = reportOf(guard.stdio[3] as Readable);
  let killer: NodeJS.Timeout | undefined;
  const ended = new Promise<JobExit>((resolve) => {
    guard.on("error", (error) => resolve({ reason: `CannotStartContainerError: ${error.message}` }));
    guard.on("close", (code, signal) => {
      clearTimeout(killer);
      killGroup(told.pid, signal);
      if (told.error !== undefined) resolve({ reason: `CannotStartContainerError: ${told.error}` });
      else
        resolve(
          code === null
            ? { exitCode: 137, reason: `The job's guard ended by ${signal}` }
            : { exitCode: code },
        );
    });
  });
  return {
    ended,
    stop: (graceMs) => {
      guard.kill("SIGTERM");
      killer = setTimeout(() => guard.stdin?.destroy(), graceMs);
    },
  };
}

/** What the guard tells on its report pipe, filled in as it comes. */
function reportOf(pipe: Readable): { pid?: number; error?: string } {
  const told: { pid?: number; error?: string } = {};
  let text = "";
  pipe.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (text.endsWith("\n")) Object.assign(told, JSON.parse(text) as typeof told);
  });
  return told;
}

/** A guard that was killed could not end its job: then the box does. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals | null): void {
  if (pid === undefined || signal === null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It had ended by itself.
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { TwinError } from "@plumbline/twin/errors";

/** A line of JSON that a process wrote to its standard output. */
export type Line = Readonly<Record<string, unknown>>;

export interface ChildSpec {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** All that the process prints, of all its lives. */
  readonly logFile: string;
  /** Started again when it dies without having been asked to. */
  readonly restart: boolean;
  readonly onLine?: (line: Line) => void;
}

const STOP_GRACE_MS = 5_000;
/** A process that dies at once again and again is not started faster than this. */
const RESTART_PAUSE_MS = 250;

const alive = new Set<ChildProcess>();

/** For a parent that must leave at once: nothing it started outlives it. */
export function killAll(): void {
  for (const child of alive) child.kill("SIGKILL");
}

/** One operating-system process of a scenario, killed and started again at will; ended by its process id alone. */
export class Child {
  readonly spec: ChildSpec;
  readonly #log: WriteStream;
  readonly #waiting = new Set<{ match: (line: Line) => boolean; found: (line: Line) => void }>();
  #process: ChildProcess | undefined;
  #ending = false;
  #paused: Promise<void> | undefined;
  #starts = 0;

  constructor(spec: ChildSpec) {
    this.spec = spec;
    this.#log = createWriteStream(spec.logFile, { flags: "a" });
  }

  get starts(): number {
    return this.#starts;
  }
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    this.#starts++;
    const { script, args, env } = this.spec;
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process = child;
    alive.add(child);
    child.stdin?.on("error", () => {});
    child.stderr?.on("data", (chunk: Buffer) => this.#log.write(chunk));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => this.#heard(line));
    child.on("exit", () => {
      alive.delete(child);
      if (this.#process === child) this.#process = undefined;
      if (!this.#ending && this.spec.restart) void this.#again();
    });
  }

  async #again(): Promise<void> {
    await this.#paused;
    await sleep(RESTART_PAUSE_MS);
    if (!this.#ending && this.#process === undefined) this.start();
  }

  #heard(text: string): void {
    this.#log.write(`${text}\n`);
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      return; // not every line of a process is for a program
    }
    this.spec.onLine?.(line);
    for (const waiter of this.#waiting) {
      if (!waiter.match(line)) continue;
      this.#waiting.delete(waiter);
      waiter.found(line);
    }
  }

  /** The next line that matches. @throws {TwinError} NO_ANSWER after `timeoutMs` of the wall. */
  async line(match: (line: Line) => boolean, timeoutMs: number): Promise<Line> {
    const { promise, resolve, reject } = promiseParts<Line>();
    const waiter = { match, found: resolve };
    this.#waiting.add(waiter);
    const timer = setTimeout(() => {
      this.#waiting.delete(waiter);
      reject(
        new TwinError(
          "NO_ANSWER",
          `${this.spec.name} said nothing expected for ${timeoutMs} ms`,
          `read ${this.spec.logFile}`,
        ),
      );
    }, timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes one command line and waits for the first JSON line that matches. */
  async ask(command: object | string, match: (line: Line) => boolean, timeoutMs: number): Promise<Line> {
    const answer = this.line(match, timeoutMs);
    this.#process?.stdin?.write(`${typeof command === "string" ? command : JSON.stringify(command)}\n`);
    return await answer;
  }

  /** SIGKILL: no last words. With `restart` it comes back by itself, after `pause` if one is given. */
  kill(pause?: Promise<void>): void {
    this.#paused = pause;
    this.#process?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.#ending = true;
    const child = this.#process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
      await gone;
      clearTimeout(timer);
    }
    this.#log.end();
  }
}

function promiseParts<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Runs a command to its end and gives what it printed. @throws {TwinError} COMMAND_FAILED with its last words. */
export async function runToEnd(
  name: string,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  const printed = Buffer.concat(out).toString();
  if (code === 0) return printed;
  throw new TwinError(
    "COMMAND_FAILED",
    `${name} ended with code ${code}: ${(Buffer.concat(err).toString() || printed).slice(-2_000)}`,
    `run it by hand: node ${script} ${args.join(" ")}`,
  );
}
